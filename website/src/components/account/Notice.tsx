import { Alert } from "@mantine/core";
import { IconCircleCheck, IconInfoCircle } from "@tabler/icons-react";
import { type PropsWithChildren, useEffect, useRef } from "react";
import { Announcement } from "../ui/Announcement.tsx";

/** Something to know that is no failure. `done` comes after an act: it is announced, or read where it takes the focus. */
export function Notice({ kind, title, children }: PropsWithChildren<{ kind: "done" | "info"; title: string }>) {
  if (kind === "done") return <Done title={title}>{children}</Done>;
  return (
    <Alert role="note" variant="default" icon={<IconInfoCircle aria-hidden />} title={title}>
      {children}
    </Alert>
  );
}

function Done({ title, children }: PropsWithChildren<{ title: string }>) {
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The form that had the focus has made way for this.
    if (document.activeElement === document.body) notice.current?.focus();
  }, []);
  return (
    <Alert
      ref={notice}
      role="note"
      tabIndex={-1}
      variant="default"
      icon={<IconCircleCheck aria-hidden />}
      title={title}
      style={{ outline: "none" }}
    >
      <Announcement>{title}</Announcement>
      {children}
    </Alert>
  );
}
