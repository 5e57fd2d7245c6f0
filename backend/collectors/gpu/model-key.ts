/** One name for a model: feature discovery writes dashes where DCGM and nvidia-smi have spaces. */
export function modelKey(model: string | null): string {
  return (model ?? '').replaceAll(' ', '-');
}
