// Where terms stand in a text. Pure: it knows no page.

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A capital at the beginning of a sentence changes nothing, where the rest is no abbreviation. */
function either(spelling) {
  const [first] = spelling, rest = spelling.slice(first.length);
  if (first.toLowerCase() === first.toUpperCase() || rest !== rest.toLowerCase() || !rest) return escaped(spelling);
  return `[${first.toLowerCase()}${first.toUpperCase()}]${escaped(rest)}`;
}

/** terms: [{key, spellings}]. The longest spelling wins; inside words and formulas there are none. */
export function finder(terms) {
  const keys = new Map();
  for (const { key, spellings } of terms) for (const spelling of spellings) keys.set(spelling.toLowerCase(), key);
  const all = terms.flatMap(({ spellings }) => spellings).sort((a, b) => b.length - a.length).map(either);
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_|-]|[\\p{L}]\\()(?:${all.join("|")})(?![\\p{L}\\p{N}_(-])`, "gu");
  return (text) => [...text.matchAll(pattern)].map(({ 0: found, index }) => ({
    key: keys.get(found.toLowerCase()), start: index, end: index + found.length,
  }));
}
