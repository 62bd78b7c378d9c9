/** Names on the wire between the shell and its preload script, which imports nothing else of ours at run time. */
export const callChannel = 'steelyard:call';
export const eventChannel = 'steelyard:event';
/** The page is there (anew) and listens. */
export const joinChannel = 'steelyard:join';
/** The page has taken an event: the next may come. */
export const takenChannel = 'steelyard:taken';
