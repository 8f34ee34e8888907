// The shell around the session: Ink gives it the terminal, the keys and the size. Everything drawn
// here was made by views/; the only clock of the wall in this room beats in this file.

import { Box, Text, useApp, useInput, useWindowSize } from "ink";
import { useEffect, useState, type ReactElement } from "react";
import { type Size } from "./cells.ts";
import { paint, type Depth } from "./colours.ts";
import { keyNames } from "./keys.ts";
import type { Model } from "./model.ts";
import type { Session } from "./session.ts";
import { screen } from "./views/screen.ts";

export type AppProps = Readonly<{ session: Session; depth: Depth }>;

const FRAME_MS = 70;
/** After a stop (ctrl-z, a closed lid) the run goes on from where it was. */
const LONGEST_PASS_MS = 200;

export function App({ session, depth }: AppProps): ReactElement {
  const { exit } = useApp();
  const { columns, rows } = useWindowSize();
  const [model, setModel] = useState(session.model());
  const { running } = model;
  useEffect(() => {
    if (!running) return undefined;
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      session.pass(Math.min(now - before, LONGEST_PASS_MS));
      before = now;
      setModel(session.model());
    }, FRAME_MS);
    return () => clearInterval(timer);
  }, [session, running]);
  useInput((input, key) => {
    if (!keyNames(input, key).every((name) => session.press(name))) exit();
    setModel(session.model());
  });
  return <Screen model={model} size={{ columns, rows }} depth={depth} />;
}

/** One text per row: the rows are exactly as wide as the terminal, so nothing ever wraps. */
export function Screen(props: Readonly<{ model: Model; size: Size; depth: Depth }>): ReactElement {
  const { model, size, depth } = props;
  return (
    <Box flexDirection="column" width={size.columns} height={size.rows} overflow="hidden">
      {screen(model, size).map((cells, at) => (
        <Text key={at} wrap="truncate">
          {paint(cells, depth)}
        </Text>
      ))}
    </Box>
  );
}
