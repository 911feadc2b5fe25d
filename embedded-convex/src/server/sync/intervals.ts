/**
 * An interval index: which of many key ranges hold a given key, without looking at the others. A treap ordered by the
 * lower bound whose nodes know the greatest upper bound below them. Add, remove: O(log n); stab: O(log n + found).
 */

/** The keys from `lower` on, up to but not including `upper`. */
export interface Interval {
  lower: Uint8Array;
  upper: Uint8Array;
}

interface Node<T> extends Interval {
  /** All values with exactly these bounds: thousands of subscribers often read the same range. */
  values: Set<T>;
  priority: number;
  /** Greatest upper bound in the subtree. */
  reach: Uint8Array;
  left: Node<T> | null;
  right: Node<T> | null;
}

/** A multimap from intervals to values. Empty intervals are never found. */
export class IntervalIndex<T> {
  #root: Node<T> | null = null;
  #seed = 0x9e3779b9;

  add(interval: Interval, value: T): void {
    const found = this.#find(interval);
    if (found !== null) {
      found.values.add(value);
      return;
    }
    const { lower, upper } = interval;
    const values = new Set([value]);
    const node = { lower, upper, values, priority: this.#priority(), reach: upper, left: null, right: null };
    const [left, right] = split(this.#root, node);
    this.#root = merge(merge(left, node), right);
  }

  delete(interval: Interval, value: T): void {
    const found = this.#find(interval);
    if (found === null) return;
    found.values.delete(value);
    if (found.values.size === 0) this.#root = without(this.#root, found);
  }

  /** Adds to `into` every value one of whose intervals holds `key`. Returns how many intervals it looked at. */
  stab(key: Uint8Array, into: Set<T>): number {
    let looked = 0;
    const pending = [this.#root];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (node === null) continue;
      looked += 1;
      if (Buffer.compare(key, node.reach) >= 0) continue;
      pending.push(node.left);
      if (Buffer.compare(node.lower, key) > 0) continue;
      if (Buffer.compare(key, node.upper) < 0) for (const value of node.values) into.add(value);
      pending.push(node.right);
    }
    return looked;
  }

  #find(interval: Interval): Node<T> | null {
    let node = this.#root;
    while (node !== null) {
      const order = compare(interval, node);
      if (order === 0) return node;
      node = order < 0 ? node.left : node.right;
    }
    return null;
  }

  /** Any spread of priorities keeps the tree shallow; a xorshift is one without a source of randomness. */
  #priority(): number {
    this.#seed ^= this.#seed << 13;
    this.#seed ^= this.#seed >>> 17;
    this.#seed ^= this.#seed << 5;
    return this.#seed;
  }
}

function compare(a: Interval, b: Interval): number {
  return Buffer.compare(a.lower, b.lower) || Buffer.compare(a.upper, b.upper);
}

function update<T>(node: Node<T>): Node<T> {
  let reach = node.upper;
  for (const child of [node.left, node.right]) {
    if (child !== null && Buffer.compare(child.reach, reach) > 0) reach = child.reach;
  }
  node.reach = reach;
  return node;
}

/** All nodes before `at`, and all after it. */
function split<T>(node: Node<T> | null, at: Interval): [Node<T> | null, Node<T> | null] {
  if (node === null) return [null, null];
  if (compare(node, at) < 0) {
    const [left, right] = split(node.right, at);
    node.right = left;
    return [update(node), right];
  }
  const [left, right] = split(node.left, at);
  node.left = right;
  return [left, update(node)];
}

/** Joins two trees of which every node of `left` comes before every node of `right`. */
function merge<T>(left: Node<T> | null, right: Node<T> | null): Node<T> | null {
  if (left === null) return right;
  if (right === null) return left;
  if (left.priority > right.priority) {
    left.right = merge(left.right, right);
    return update(left);
  }
  right.left = merge(left, right.left);
  return update(right);
}

function without<T>(root: Node<T> | null, node: Node<T>): Node<T> | null {
  if (root === null) return null;
  if (root === node) return merge(root.left, root.right);
  if (compare(node, root) < 0) root.left = without(root.left, node);
  else root.right = without(root.right, node);
  return update(root);
}
