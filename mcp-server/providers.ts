import { readFile } from 'node:fs/promises';
import type { Clock } from '../backend/platform/clock.ts';
import { createOfflineAnalyst } from '../personas/llm/offline-analyst.ts';
import { createOpenAiCompatibleProvider } from '../personas/llm/openai-compatible.ts';
import type { Provider } from '../personas/llm/provider.ts';
import { ConfigError, type EffectiveConfig } from './config.ts';

/** The chain of models, first choice first. The offline analyst is always its last link, so there is always an answer. */
export async function createProviders(
  config: EffectiveConfig,
  clock: Clock,
): Promise<readonly [Provider, ...Provider[]]> {
  const offline = createOfflineAnalyst();
  const { llm_local_url: baseUrl, llm_model: model } = config;
  const wanted = config.llm_provider ?? (baseUrl !== undefined && model !== undefined ? 'openai-compatible' : 'none');
  if (wanted === 'none' || baseUrl === undefined || model === undefined) return [offline];
  const apiKey = config.llm_api_key_file === undefined ? undefined : await readKey(config.llm_api_key_file);
  return [
    createOpenAiCompatibleProvider({ baseUrl, model, clock, ...(apiKey === undefined ? {} : { apiKey }) }),
    offline,
  ];
}

async function readKey(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new ConfigError(
      `configuration: LLM_API_KEY_FILE (llm_api_key_file): cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
