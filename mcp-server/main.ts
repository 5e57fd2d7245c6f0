#!/usr/bin/env node
import { runCli } from './cli/program.ts';
import { environment } from './config.ts';

await runCli(process.argv.slice(2), environment());
