const due = new Set<() => void>();
let isAsked = false;

/** Draws in the next frame, once however often it was asked for: one redraw per frame for all charts. */
export function drawInNextFrame(draw: () => void): void {
  due.add(draw);
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(() => {
    isAsked = false;
    const now = [...due];
    due.clear();
    for (const each of now) each();
  });
}

export function forgetDrawing(draw: () => void): void {
  due.delete(draw);
}
