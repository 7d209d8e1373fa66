// Parcels, shared by every map on the page: weights and grids come once, under the id of their contents, and
// small changes of state do not send them again. A parcel leaves when no sender that brought it is left.

import { makeDecoder } from "./decoder.js";
import { unpack } from "./parcel.js";

const parcels = new Map(); // id -> {parcel, senders}
const brought = new WeakMap(); // sender -> id
const maps = new Set(); // told when a parcel comes
const groups = new Map(); // name -> maps whose cursors are linked

/** Takes in the parcel that the mounted element `sender` brings; gives back how to withdraw it. */
export function bring(sender, bytes) {
  const parcel = unpack(bytes), old = brought.get(sender);
  if (old !== parcel.id) {
    if (parcel.kind === "decoder") parcel.made = makeDecoder(parcel);
    const entry = parcels.get(parcel.id) ?? { parcel, senders: new Set() };
    entry.senders.add(sender);
    parcels.set(parcel.id, entry);
    brought.set(sender, parcel.id);
    if (old) withdraw(sender, old);
    for (const map of maps) map.gather();
  }
  return () => withdraw(sender, brought.get(sender));
}

function withdraw(sender, id) {
  const entry = parcels.get(id);
  entry?.senders.delete(sender);
  if (entry?.senders.size === 0) parcels.delete(id);
}

export const fetchParcel = (id) => parcels.get(id)?.parcel;

export function join(map, group) {
  leave(map);
  maps.add(map);
  if (group) groups.set(group, (groups.get(group) ?? new Set()).add(map));
}

export function leave(map) {
  maps.delete(map);
  for (const members of groups.values()) members.delete(map);
}

/** The other maps whose cursor follows this one's. */
export const linkedTo = (map, group) => [...(groups.get(group) ?? [])].filter((other) => other !== map);
