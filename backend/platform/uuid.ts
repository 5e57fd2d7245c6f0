const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Asked before an id from outside goes into a comparison with a `uuid` column, where any other text is an error of the database. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
