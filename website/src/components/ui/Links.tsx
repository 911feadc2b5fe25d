import { Anchor, type AnchorProps, Button, type ButtonProps, NavLink, type NavLinkProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { ComponentProps, Ref } from "react";

/** Mantine's look on the router's typed links. */

type AnchorElementProps = Omit<ComponentProps<"a">, keyof ButtonProps | "ref"> & { ref?: Ref<HTMLAnchorElement> };

function ButtonAnchor(props: ButtonProps & AnchorElementProps) {
  return <Button component="a" {...props} />;
}

function TextAnchor(props: AnchorProps & Omit<ComponentProps<"a">, keyof AnchorProps>) {
  return <Anchor {...props} />;
}

function NavAnchor(props: NavLinkProps & Omit<ComponentProps<"a">, keyof NavLinkProps>) {
  return <NavLink component="a" {...props} />;
}

export const LinkButton = createLink(ButtonAnchor);
export const TextLink = createLink(TextAnchor);
export const NavItem = createLink(NavAnchor);
