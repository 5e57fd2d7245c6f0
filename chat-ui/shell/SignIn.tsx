import { useEffect, useRef, useState } from 'preact/hooks';
import { asFailure } from '../api/failure.ts';
import { Command } from '../components/Code.tsx';
import { useServices } from '../services.ts';

/**
 * Asks for an API token and tries it before it is kept. The URL does not change, so the page that asked for it comes
 * back by itself.
 */
export function SignIn() {
  const { api, credential, chat } = useServices();
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = 'Sign in · AIOps NextGen';
    heading.current?.focus();
  }, []);

  async function submit(): Promise<void> {
    const value = token.trim();
    if (busy) return;
    // What a WebSocket subprotocol may hold; nothing else was ever issued as a token.
    if (!/^[A-Za-z0-9._~-]+$/.test(value)) {
      setProblem('Paste the whole token; it begins with aiops_ and holds no spaces.');
      return;
    }
    setBusy(true);
    try {
      if (await api.accepts(value)) {
        credential.set(value);
        chat.reloadOpen();
      } else {
        setProblem('The server does not accept this token. It may be mistyped, revoked or expired.');
      }
    } catch (thrown) {
      setProblem(asFailure(thrown).message);
    } finally {
      setBusy(false);
    }
  }

  return (
    <section class="sign-in" data-state="sign-in">
      <h1 ref={heading} tabIndex={-1}>
        Sign in
      </h1>
      <p>This server wants to know who is asking. Use an API token; it is kept in this tab until you close it.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label for="token">API token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          value={token}
          aria-invalid={problem !== ''}
          aria-describedby="token-problem"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <p id="token-problem" class="field-problem" role="alert">
          {problem}
        </p>
        <button type="submit" class="button primary" aria-disabled={busy}>
          {busy ? 'Checking…' : 'Sign in'}
        </button>
      </form>
      <p class="muted">No token yet? Whoever runs the server makes one with</p>
      <Command>aiops token create me --role operator</Command>
    </section>
  );
}
