"""A run's numbers as a table."""

import csv
import io

from pages.sections.home.manage import metrics_csv


def test_the_table_has_every_report_and_leaves_empty_what_was_not_measured() -> None:
    reports = [
        {"step": 1, "epoch": 0.1, "beta": 1.0, "train": {"elbo": -500.0, "kl": 2.0}},
        {
            "step": 9,
            "epoch": 0.9,
            "beta": 4.0,
            "train": {"elbo": -200.0, "kl": 3.0},
            "test": {"elbo": -210.0},
        },
    ]
    first, second = csv.DictReader(io.StringIO(metrics_csv(reports)))
    assert (first["step"], first["elbo_train"], first["elbo_test"]) == ("1", "-500.0", "")
    assert "total_correlation_train" not in first
    assert (second["beta"], second["elbo_test"], second["kl_test"]) == ("4.0", "-210.0", "")


def test_what_an_objective_has_besides_is_in_the_table_too() -> None:
    reports = [{"step": 1, "train": {"elbo": -500.0, "total_correlation": 0.5}}]
    (row,) = csv.DictReader(io.StringIO(metrics_csv(reports)))
    assert (row["total_correlation_train"], row["total_correlation_test"]) == ("0.5", "")
