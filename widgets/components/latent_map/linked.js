// What the maps of a group have in common: the part of the plane, layers, the moment of the training, a place.

/** What came by itself is brought to where the map with the controls is, or all others to where it is. */
export function catchUp(map) {
  const { controls } = map;
  if (controls === map) for (const other of map.linked) mirror(other, map);
  else if (controls) mirror(map, controls);
}

/** Shows the same part of the plane as another map, its layers, and the moment of the training nearest to its. */
export function mirror(map, { view, layers, spacing, firstSample, frame, frames }) {
  map.view.look(view.x, view.y, view.half);
  if (spacing !== map.spacing) map.manifold.clear();
  map.spacing = spacing;
  map.layers = new Set(layers);
  if (layers.has("samples") && (firstSample !== map.firstSample || !map.samples.length)) {
    map.firstSample = firstSample;
    map.repeatSamples();
  }
  const before = map.frame;
  map.replay.show(frame === null ? null : map.replay.nearest(frames.steps[frame]));
  if (map.frame !== before) map.placePoints();
  map.showControls();
  map.request(true);
  map.settle();
}

/**
 * What a place of another map is on this one: the code of the same image, where maps compare images and have the
 * same ones; undefined where these are others; else the same place of the plane.
 */
export function counterpart(map, { x, y, image }, { data }) {
  if (map.data.links !== "image" || image === null) return map.plane.place(x, y);
  return data.images && data.images === map.data.images && map.known(image) !== null && map.plane.codes.has(image) ? map.plane.ofImage(image) : undefined;
}
