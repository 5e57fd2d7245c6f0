/** PostgreSQL holds neither NUL nor half a surrogate pair, and one spoke's odd text must not cost a whole batch its record. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}
