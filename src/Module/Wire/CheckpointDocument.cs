using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>Checkpoints (spec 4.1). Session maps are sorted by the UTF-8 bytes of the gid (<see cref="Utf8Order"/>), each once.</summary>
internal static class CheckpointDocument
{
    /// <summary>Canonical bytes with final LF.</summary>
    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.DocumentLimitExceeded"/> above 64 MiB.</exception>
    public static byte[] Encode(Checkpoint checkpoint) => WireDocument.Encode(WireFormat.Portable.Checkpoint, checkpoint);

    /// <summary>Streams a checkpoint of our version without holding its map.</summary>
    public static void Write(
        CanonicalWriter writer, string origin, long sequence, IEnumerable<KeyValuePair<string, string>> sessions)
    {
        writer.BeginObject();
        writer.Name("origin"u8);
        writer.Value(origin);
        writer.Name("seq"u8);
        writer.Value(sequence);
        writer.Name("sessions"u8);
        WriteMap(writer, sessions);
        writer.Name("v"u8);
        writer.Value(WireFormat.Portable.CheckpointVersion);
        writer.EndObject();
        writer.EndLine();
        WireLimit.Require(writer.Length <= Limits.CheckpointBytes, "bytes in a checkpoint", Limits.CheckpointBytes);
    }

    /// <summary>The session map alone as one object and LF, which change detection hashes (spec 6.4).</summary>
    public static void WriteSessions(CanonicalWriter writer, IEnumerable<KeyValuePair<string, string>> sessions)
    {
        WriteMap(writer, sessions);
        writer.EndLine();
    }

    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.DocumentInvalid"/> for JSON or types.</exception>
    public static Checkpoint Read(ReadOnlySpan<byte> decoded) => WireDocument.Read(WireFormat.Portable.Checkpoint, decoded);

    internal static void WriteMap(CanonicalWriter writer, IEnumerable<KeyValuePair<string, string>> sessions)
    {
        writer.BeginObject();
        string? last = null;
        foreach ((string gid, string hash) in sessions)
        {
            if (last is not null && Utf8Order.Instance.Compare(last, gid) >= 0)
            {
                throw new ArgumentException($"Sessions out of order: '{gid}' after '{last}'.", nameof(sessions));
            }

            writer.Name(gid);
            writer.Value(hash);
            last = gid;
        }

        writer.EndObject();
    }
}

/// <summary>A checkpoint's map: an absent one is written null (spec 3.5); a second object merges into the first.</summary>
internal sealed class SessionMapField() : WireField<Checkpoint>("sessions")
{
    // The shortest valid entry, "o~":"<64 hex>", bounds how many a checkpoint of legal size can hold.
    private const int MaxEntries = (int)(Limits.CheckpointBytes / 72);

    public override void Write(CanonicalWriter writer, Checkpoint target)
    {
        writer.Name(Utf8Name);
        if (target.Sessions is null)
        {
            writer.Null();
        }
        else
        {
            CheckpointDocument.WriteMap(writer, target.Sessions);
        }
    }

    public override void Read(ref JsonScanner json, Checkpoint target, ref long version)
    {
        if (json.TryNull())
        {
            target.Sessions = null;
            return;
        }

        List<KeyValuePair<string, string>> entries = target.Sessions is null ? [] : [.. target.Sessions];
        json.BeginObject();
        while (json.NextMember(out ReadOnlySpan<byte> name))
        {
            WireLimit.Require(entries.Count < MaxEntries, Name, MaxEntries);
            string gid = Utf8Text.Decode(name);
            entries.Add(new(gid, json.TryNull() ? "" : json.Text()));
        }

        target.Sessions = Normalize(entries);
    }

    // The last of equal keys wins; a canonical map is in order already.
    private static List<KeyValuePair<string, string>> Normalize(List<KeyValuePair<string, string>> entries)
    {
        for (int i = 1; i < entries.Count; i++)
        {
            if (Utf8Order.Instance.Compare(entries[i - 1].Key, entries[i].Key) >= 0)
            {
                return
                [
                    .. entries.GroupBy(e => e.Key, StringComparer.Ordinal)
                        .Select(g => g.Last())
                        .OrderBy(e => e.Key, Utf8Order.Instance),
                ];
            }
        }

        return entries;
    }
}

/// <summary>Orders text by its UTF-8 bytes: as UTF-16 ordinal, but surrogate pairs after everything else (spec 3.2).</summary>
internal sealed class Utf8Order : IComparer<string>
{
    public static Utf8Order Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> a = x;
        ReadOnlySpan<char> b = y;
        int common = a.CommonPrefixLength(b);
        return common == a.Length || common == b.Length
            ? a.Length.CompareTo(b.Length)
            : Rank(a[common]).CompareTo(Rank(b[common]));
    }

    // Moves surrogates behind U+E000-U+FFFF. A common high surrogate is part of the prefix; low ones compare as they are.
    private static int Rank(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
}
