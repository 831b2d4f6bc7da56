/** Normalised discounted cumulative gain (Järvelin and Kekäläinen, 2002), with gains of 2^grade - 1. */

/** @param grades in the order shown @param available the grades of everything there is, in any order @returns 0..1; 1 where nothing is relevant */
export function ndcg(grades: readonly number[], available: readonly number[], depth: number): number {
  const ideal = dcg(available.toSorted((a, b) => b - a).slice(0, depth))
  return ideal === 0 ? 1 : dcg(grades.slice(0, depth)) / ideal
}

function dcg(grades: readonly number[]): number {
  return grades.reduce((sum, grade, i) => sum + (2 ** grade - 1) / Math.log2(i + 2), 0)
}
