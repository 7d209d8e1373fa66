"""A training step as a CUDA graph: recorded once, then launched as one.

A step of a small model is a hundred kernels of a few microseconds each, and Python takes longer to launch
them than the device to run them. Of a recorded step there is a single launch.
"""

from __future__ import annotations

from typing import Protocol

import torch

WARM_UP = 3  # ordinary steps first: whatever is made at a first use is there when the step is recorded


class Recordable(Protocol):
    """What makes steps on the same tensors every time, and waits for no number of the device."""

    device: torch.device
    noise: torch.Generator  # all that a step draws from

    def make_step(self) -> None: ...

    def forget_gradients(self) -> None: ...


class RecordedStep:
    """Called in the place of `make_step`. One that cannot be recorded is made as it is, every time.

    What the host decides from step to step (which images, the learning rate) it writes, before it calls, into
    tensors that the step reads.
    """

    def __init__(self, of: Recordable) -> None:
        self.of = of
        self.graph: torch.cuda.CUDAGraph | None = None
        self.refused = ""  # why it could not be recorded
        self._made = 0

    def __call__(self) -> None:
        if self.graph is None and not self.refused and self._made >= WARM_UP:
            self._record()
        if self.graph is not None:
            self.graph.replay()
        elif self.refused:
            self.of.make_step()
        else:
            self._make_on_another_stream()
            self._made += 1

    def forget(self) -> None:
        """What the step draws from was set to another state: record it again."""
        self.graph, self._made = None, 0

    def _make_on_another_stream(self) -> None:
        """As PyTorch asks of the steps before a recording ("CUDA Graphs" in its notes on CUDA semantics)."""
        device = self.of.device
        if device.type != "cuda":
            self.of.make_step()
            return
        now, side = torch.cuda.current_stream(device), torch.cuda.Stream(device)
        side.wait_stream(now)
        with torch.cuda.stream(side):
            self.of.make_step()
        now.wait_stream(side)

    def _record(self) -> None:
        """While it is recorded nothing is computed: the step itself follows as the first replay."""
        state = self.of.noise.get_state()
        try:
            graph = torch.cuda.CUDAGraph()
            graph.register_generator_state(self.of.noise)
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self.of.make_step()
        except (RuntimeError, NotImplementedError) as error:
            self.refused = str(error).partition("\n")[0] or type(error).__name__
            # A generator whose recording broke off cannot be drawn from any more.
            self.of.noise = torch.Generator(self.of.device)
            self.of.noise.set_state(state)
            self.of.forget_gradients()
        else:
            self.graph = graph
