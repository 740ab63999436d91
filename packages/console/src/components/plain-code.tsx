/** A text in which `what is between backticks` is code: for hints that are kept as data. */
export function PlainCode({ text }: { readonly text: string }) {
  return text.split('`').map((part, at) =>
    at % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
      <code key={at} className="break-words">
        {part}
      </code>
    ) : (
      part
    ),
  )
}
