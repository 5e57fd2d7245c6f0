/** At most `max` of `names` that `wanted` may have been meant for, nearest first: a typo apart, or one holds the other. */
export function nearNames(wanted: string, names: readonly string[], max = 3): string[] {
  const text = wanted.toLowerCase();
  const most = Math.max(1, Math.floor(text.length / 3));
  return names
    .map((name) => ({ name, distance: text.length >= 3 && name.includes(text) ? 0.5 : editDistance(text, name, most) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, max)
    .map(({ name }) => name);
}

/** Levenshtein distance, or `most + 1` as soon as it is known to be more than `most`. */
export function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    if (Math.min(...current) > most) return most + 1;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
