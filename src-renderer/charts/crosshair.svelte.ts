/** One moment, shared by all charts of a view and by the table that serves as their legend. */
export class Crosshair {
  atMs = $state<number | undefined>(undefined);
}
