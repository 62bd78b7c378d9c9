/** Asked for from anywhere: the dialog that turns writing on. */
export class UnlockRequest {
  isOpen = $state(false);
}
