// The shell around the session: Ink gives it the terminal, the keys and the size. Everything drawn here
// was made by views/; the only clock of the wall in this room beats in this file.

import { Box, Text, useAnimation, useApp, useInput, useWindowSize } from "ink";
import { useEffect, useState, type ReactElement } from "react";
import { type Size } from "./cells.ts";
import { paint, type Depth } from "./colours.ts";
import { keyName } from "./keys.ts";
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
  const { frame, delta } = useAnimation({ interval: FRAME_MS, isActive: model.running });
  useEffect(() => {
    if (session.pass(Math.min(delta, LONGEST_PASS_MS))) setModel(session.model());
  }, [session, frame, delta]);
  useInput((input, key) => {
    if (!session.press(keyName(input, key))) exit();
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
