/** How a member's line looks on every chart and in the table that serves as legend: by its place in the pool. */
export interface LineStyle {
  /** Name of a colour token, `s1` to `s8`. */
  readonly colour: string;
  readonly dash: readonly number[];
}

const dashes = [[], [5, 3], [2, 2], [9, 3, 2, 3]] as const;
const colours = 8;

/** Eight colours; from the fifth on a line is dashed or dotted too. */
export function lineStyle(place: number): LineStyle {
  const colour = `s${(place % colours) + 1}`;
  const turn = Math.floor(place / colours) * 2 + (place % colours >= 4 ? 1 + (place % 2) : 0);
  return { colour, dash: dashes[turn % dashes.length] ?? [] };
}
