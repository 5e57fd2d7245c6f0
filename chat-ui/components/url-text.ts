import { useEffect, useRef, useState } from 'preact/hooks';

/** Browsers refuse to rewrite the address more often than a few hundred times a minute. */
const URL_DELAY_MS = 200;

/**
 * Text of a field that stands in the URL: `onText` hears every keystroke, `write` puts it into the URL a moment later. When
 * the URL changes by itself (a link, the back button) the field follows.
 */
export function useUrlText(inUrl: string, write: (text: string) => void, onText: (text: string) => void) {
  const [value, setValue] = useState(inUrl);
  const written = useRef(inUrl);
  const latest = useRef(write);
  latest.current = write;
  useEffect(() => {
    if (inUrl === written.current) return;
    written.current = inUrl;
    setValue(inUrl);
    onText(inUrl);
  }, [inUrl]);
  useEffect(() => {
    if (value === written.current) return undefined;
    const timer = setTimeout(() => {
      written.current = value;
      latest.current(value);
    }, URL_DELAY_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return {
    value,
    set: (text: string) => {
      setValue(text);
      onText(text);
    },
  };
}
