import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Problem, say } from './say.mjs';

/** Package → the program it is needed for. */
const SERVERS = { prometheus: 'prometheus', 'prometheus-alertmanager': 'prometheus-alertmanager' };

/**
 * Prometheus and Alertmanager: from PATH, or unpacked from Debian's packages into `.cache/debian`, which needs no root, installs
 * nothing and starts nothing. apt checks the packages against Debian's signatures as in any install.
 */
export function provideServers(root) {
  const unpacked = path.join(root, '.cache/debian');
  const absent = Object.keys(SERVERS).filter((name) => !isOnPath(SERVERS[name]));
  if (absent.every((name) => isExecutable(path.join(unpacked, 'usr/bin', SERVERS[name])))) {
    relocate(unpacked);
    return;
  }
  const byHand = `Install them yourself: sudo apt-get install ${absent.join(' ')}`;
  if (!isOnPath('apt-get') || !isOnPath('dpkg')) {
    throw new Problem(
      `The simulated fleet needs ${absent.join(' and ')}, and this is no Debian with apt-get. Put the programs on PATH.`,
    );
  }
  say(`fetching Debian's ${absent.join(' and ')} into .cache/debian …`);
  const apt = path.join(root, '.cache/apt');
  const fresh = path.join(apt, 'unpacked');
  const archives = path.join(apt, 'download');
  rmSync(apt, { recursive: true, force: true });
  for (const folder of ['lists/partial', 'cache/archives/partial', 'download']) {
    mkdirSync(path.join(apt, folder), { recursive: true });
  }
  const options = [
    `Dir::State::Lists=${path.join(apt, 'lists')}`,
    `Dir::Cache=${path.join(apt, 'cache')}`,
    // root's apt would hand the download to the user _apt, who cannot write here.
    'APT::Sandbox::User=',
  ].flatMap((option) => ['-o', option]);
  const run = (command, args, cwd) => {
    const { status, stderr, stdout } = spawnSync(command, args, { cwd, encoding: 'utf8' });
    if (status === 0) return stdout;
    throw new Problem(`${command} ${args.at(-1)} failed: ${(stderr || stdout || '').trim().slice(-800)}\n${byHand}`);
  };
  run('apt-get', [...options, '-q', 'update']);
  run('apt-get', [...options, '-q', 'download', ...absent], archives);
  for (const file of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    run('dpkg', ['-x', path.join(archives, file), fresh]);
  }
  for (const name of absent) {
    const lacking = run('ldd', [path.join(fresh, 'usr/bin', SERVERS[name])]).match(/\S+(?= => not found)/g);
    if (lacking) throw new Problem(`${name} needs ${lacking.join(', ')}, which this machine lacks. ${byHand}`);
  }
  relocate(fresh);
  // Only a complete folder gets its name: an interrupted fetch starts over.
  rmSync(unpacked, { recursive: true, force: true });
  renameSync(fresh, unpacked);
  rmSync(apt, { recursive: true });
}

/** Where Debian's Alertmanager reads its templates, without which it does not start; and the same, as long, below the working folder. */
const TEMPLATES = '/usr/share/prometheus/alertmanager';
const TEMPLATES_HERE = 'usr/share/prometheus//alertmanager';

/**
 * Makes an unpacked Alertmanager find what was unpacked with it: the path is compiled in, so it is made relative, and whoever
 * starts it does so in `unpacked` (`evals/fleet/cluster.ts`). Does nothing when that is done already.
 */
function relocate(unpacked) {
  const file = path.join(unpacked, 'usr/bin', SERVERS['prometheus-alertmanager']);
  if (!isExecutable(file)) return;
  const program = readFileSync(file);
  let at = program.indexOf(TEMPLATES);
  if (at === -1) return;
  for (; at !== -1; at = program.indexOf(TEMPLATES, at)) program.write(TEMPLATES_HERE, at);
  writeFileSync(`${file}.new`, program);
  chmodSync(`${file}.new`, 0o755);
  renameSync(`${file}.new`, file);
}

/** Programs without which the tests that use them are skipped. */
const OPTIONAL = ['victoria-metrics'];

/**
 * PostgreSQL, Chromium and the openssl program for the tests: installed by apt when this is root in a container, else one sentence
 * how to get them. What is {@link OPTIONAL} is installed as well where that can be done, and never asked for.
 */
export function provideTestServers() {
  const missing = [
    ...(hasPostgres() ? [] : ['postgresql']),
    ...['chromium', 'openssl'].filter((program) => !isOnPath(program)),
  ];
  const optional = OPTIONAL.filter((program) => !isOnPath(program));
  if (missing.length + optional.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  // Where systemd runs, installing a server starts it: that is for the machine's owner to decide.
  if (!isRoot || existsSync('/run/systemd/system') || !isOnPath('apt-get')) {
    if (missing.length === 0) return;
    const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
    throw new Problem(`The tests need ${missing.join(' and ')}. Install with: ${isRoot ? '' : 'sudo '}${command}`);
  }
  say(`installing Debian's ${[...missing, ...optional].join(' and ')} for the tests …`);
  const failed = apt('update') ?? (missing.length === 0 ? undefined : install(missing));
  if (failed !== undefined && missing.length > 0)
    throw new Problem(`${failed} failed; what it said stands above. The tests need ${missing.join(' and ')}.`);
  if (optional.length > 0 && (failed ?? install(optional)) !== undefined)
    say(`${optional.join(' and ')} could not be installed; the tests that use it are skipped`);
}

function install(packages) {
  return apt('install', '-y', '--no-install-recommends', ...packages);
}

/** Undefined when it went well, else the command. What it says goes to standard error. */
function apt(...args) {
  // Runlevel 1 is single user mode: invoke-rc.d starts no service in it.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const { status } = spawnSync('apt-get', ['-q', ...args], { env, stdio: ['ignore', 2, 2] });
  return status === 0 ? undefined : `apt-get ${args.join(' ')}`;
}

/** Debian keeps the server programs out of PATH, one folder a version. */
function hasPostgres() {
  const home = '/usr/lib/postgresql';
  return (
    isOnPath('initdb') ||
    (existsSync(home) && readdirSync(home).some((version) => isExecutable(path.join(home, version, 'bin/initdb'))))
  );
}

function isOnPath(program) {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .some((folder) => folder !== '' && isExecutable(path.join(folder, program)));
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
