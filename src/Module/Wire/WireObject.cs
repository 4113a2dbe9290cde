namespace ArtifactSync.Wire;

/// <summary>
/// The members of one wire object. The same table writes and reads it, so a field is described once; members are sorted here, whatever the order of the description.
/// </summary>
internal sealed class WireObject<T>
    where T : class
{
    private readonly WireField<T>[] _fields;

    public WireObject(params WireField<T>[] fields)
    {
        _fields = fields;
        Array.Sort(_fields, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
    }

    public void Write(CanonicalWriter writer, T target)
    {
        writer.BeginObject();
        foreach (WireField<T> field in _fields)
        {
            field.Write(writer, target);
        }

        writer.EndObject();
    }

    /// <summary>Reads one object into a target, in document order; a null leaves the target as it is.</summary>
    public void Read(ref JsonScanner json, T target, ref long version)
    {
        if (json.TryNull())
        {
            return;
        }

        json.BeginObject();
        int cursor = 0;
        while (json.NextMember(out ReadOnlySpan<byte> name))
        {
            if (Find(name, ref cursor) is { } field)
            {
                field.Read(ref json, target, ref version);
            }
            else
            {
                json.Skip();
            }
        }
    }

    // Canonical documents come in the order of the table, so the search goes on where the last one ended.
    private WireField<T>? Find(ReadOnlySpan<byte> name, ref int cursor)
    {
        for (int i = cursor; i < _fields.Length; i++)
        {
            if (name.SequenceEqual(_fields[i].Utf8Name))
            {
                cursor = i + 1;
                return _fields[i];
            }
        }

        foreach (WireField<T> field in _fields)
        {
            if (MemberName.Matches(name, field.Utf8Name))
            {
                return field;
            }
        }

        return null;
    }
}

/// <summary>Member names match exactly or by simple case folding (spec 3.8).</summary>
internal static class MemberName
{
    public static bool Matches(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lowerCase)
    {
        int at = 0;
        foreach (byte expected in lowerCase)
        {
            if (at >= name.Length || Folded(name[at..], out int size) != expected)
            {
                return false;
            }

            at += size;
        }

        return at == name.Length;
    }

    // Besides ASCII, two characters fold to ASCII letters: long s and the Kelvin sign.
    private static int Folded(ReadOnlySpan<byte> text, out int size)
    {
        size = 1;
        if (text.StartsWith("\u017F"u8))
        {
            size = 2;
            return 's';
        }

        if (text.StartsWith("\u212A"u8))
        {
            size = 3;
            return 'k';
        }

        return text[0] is >= (byte)'A' and <= (byte)'Z' ? text[0] | 0x20 : text[0];
    }
}
