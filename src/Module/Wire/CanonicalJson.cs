namespace ArtifactSync.Wire;

/// <summary>
/// Recognises JSON that is in canonical form already, without building anything. Most embedded JSON is: it was canonical
/// when it was stored. A text with escapes counts as unknown and takes the long way.
/// </summary>
internal static class CanonicalJson
{
    public static bool IsCanonical(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || text.ContainsAny((byte)'\\', (byte)'\n', (byte)'\r') || CanonicalTextSpecial(text))
        {
            return false;
        }

        var json = new JsonScanner(text);
        var open = new BitStack();
        var lastKeys = new Stack<Range>();
        do
        {
            if (!Enter(ref json, ref open, lastKeys))
            {
                return false;
            }

            while (open.Count > 0)
            {
                if (!open.Peek())
                {
                    if (json.NextElement())
                    {
                        break;
                    }
                }
                else if (json.NextMember(out ReadOnlySpan<byte> name, out _))
                {
                    if (!IsAscending(text, name, lastKeys))
                    {
                        return false;
                    }

                    break;
                }
                else
                {
                    lastKeys.Pop();
                }

                open.Pop();
            }
        }
        while (open.Count > 0);

        return json.Position == text.Length && !json.SawSpace;
    }

    // The quotation mark is the one special character that structure needs; controls inside strings are no JSON at all.
    private static bool CanonicalTextSpecial(ReadOnlySpan<byte> text) =>
        text.ContainsAny((byte)'<', (byte)'>', (byte)'&') || CanonicalText.HasNonPlainUtf8(text);

    private static bool Enter(ref JsonScanner json, ref BitStack open, Stack<Range> lastKeys)
    {
        switch (json.Peek())
        {
            case (byte)'{':
                json.BeginObject();
                open.Push(true);
                lastKeys.Push(default);
                break;
            case (byte)'[':
                json.BeginArray();
                open.Push(false);
                break;
            default:
                json.Scalar();
                break;
        }

        return !json.SawSpace;
    }

    // An empty key is only in place as the first one; the default range is told from it by its zero end.
    private static bool IsAscending(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name, Stack<Range> lastKeys)
    {
        Range last = lastKeys.Pop();
        bool isFirst = last.End.Value == 0;
        if (!isFirst && text[last].SequenceCompareTo(name) >= 0)
        {
            return false;
        }

        int start = name.IsEmpty || !text.Overlaps(name, out int offset) ? 1 : offset;
        lastKeys.Push(start..(start + name.Length));
        return true;
    }
}
