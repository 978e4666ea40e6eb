// Enough to hide the way to a distant store, few enough for a small one.
const AT_ONCE = 16;

/** Each item once, several at a time. The first that rejects ends it. */
export async function inParallel<Item>(items: Iterator<Item> & Iterable<Item>, work: (item: Item) => Promise<void>): Promise<void> {
  const worker = async () => {
    // One iterator for all workers: each takes the next item that nobody has.
    for (const item of items) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
