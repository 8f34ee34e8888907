// What there is to know of each open stream, by its number. A Map would do, but for garbage: each
// time that it makes room it leaves its old table behind, which keeps alive whatever was in it,
// until the slow collector comes. Here a place is used again and again.

const PLACES_MIN = 16; // a power of two, as every number of places
const SCATTER = 0x9e3779b1; // 2^32 divided by the golden ratio

export class StreamTable<T> {
  #ids: number[] = createRow(PLACES_MIN, 0);
  #values: (T | null)[] = createRow<T | null>(PLACES_MIN, null);
  #mask = PLACES_MIN - 1;
  #shift = 32 - Math.log2(PLACES_MIN);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): T | null {
    return this.#values[this.#placeOf(id)] as T | null;
  }

  /** A stream that is not there yet. */
  add(id: number, value: T): void {
    if (2 * (this.#size + 1) > this.#ids.length) this.#grow();
    const place = this.#placeOf(id);
    this.#ids[place] = id;
    this.#values[place] = value;
    this.#size++;
  }

  delete(id: number): void {
    let hole = this.#placeOf(id);
    if (this.#values[hole] === null) return;
    this.#size--;
    this.#values[hole] = null;
    for (let at = this.#after(hole); this.#values[at] !== null; at = this.#after(at)) {
      const home = this.#homeOf(this.#ids[at] as number);
      const closer = ((at - home) & this.#mask) >= ((at - hole) & this.#mask);
      if (!closer) continue; // it would be looked for behind the hole
      this.#ids[hole] = this.#ids[at] as number;
      this.#values[hole] = this.#values[at] as T;
      this.#values[at] = null;
      hole = at;
    }
  }

  values(): T[] {
    return this.#values.filter((value) => value !== null);
  }

  clear(): void {
    this.#values.fill(null);
    this.#size = 0;
  }

  /** Where the stream is, or where it would be. */
  #placeOf(id: number): number {
    let place = this.#homeOf(id);
    while (this.#values[place] !== null && this.#ids[place] !== id) place = this.#after(place);
    return place;
  }

  /** Streams have odd numbers, one after the other: of thousands that live long, neighbours would
   *  be a wall that all later ones have to walk along. So they are scattered. */
  #homeOf(id: number): number {
    return Math.imul(id, SCATTER) >>> this.#shift;
  }

  #after(place: number): number {
    return (place + 1) & this.#mask;
  }

  #grow(): void {
    const ids = this.#ids;
    const values = this.#values;
    const places = 2 * ids.length;
    this.#ids = createRow(places, 0);
    this.#values = createRow<T | null>(places, null);
    this.#mask = places - 1;
    this.#shift -= 1;
    this.#size = 0;
    values.forEach((value, at) => {
      if (value !== null) this.add(ids[at] as number, value);
    });
  }
}

function createRow<V>(places: number, value: V): V[] {
  return Array.from({ length: places }, () => value);
}
