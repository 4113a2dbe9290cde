namespace ArtifactSync.Wire;

/// <summary>Whole documents from field tables: one canonical object and LF (spec 3.1), read as leniently as spec 3.8 says.</summary>
internal static class WireDocument
{
    public static byte[] Encode<T>(WireObject<T> shape, T document)
        where T : class
    {
        using var writer = new CanonicalWriter();
        Write(writer, shape, document);
        return writer.WrittenSpan.ToArray();
    }

    public static void Write<T>(CanonicalWriter writer, WireObject<T> shape, T document)
        where T : class
    {
        shape.Write(writer, document);
        writer.EndLine();
    }

    /// <summary>The object alone, without LF, as text.</summary>
    public static string Text<T>(WireObject<T> shape, T value)
        where T : class
    {
        using var writer = new CanonicalWriter();
        shape.Write(writer, value);
        return System.Text.Encoding.UTF8.GetString(writer.WrittenSpan);
    }

    /// <summary>Reads into a target and returns the version, where the target has no member for it.</summary>
    public static long Read<T>(WireObject<T> shape, ReadOnlySpan<byte> decoded, T target)
        where T : class
    {
        long version = 0;
        var json = new JsonScanner(decoded);
        try
        {
            shape.Read(ref json, target, ref version);
            json.End();
            return version;
        }
        finally
        {
            json.Dispose();
        }
    }

    public static T Read<T>(WireObject<T> shape, ReadOnlySpan<byte> decoded)
        where T : class, new()
    {
        var target = new T();
        Read(shape, decoded, target);
        return target;
    }

    /// <summary>Whether encoding a document again gives the very bytes it was read from (spec 7.3).</summary>
    public static bool IsCanonical<T>(WireObject<T> shape, T document, ReadOnlySpan<byte> decoded)
        where T : class
    {
        using var writer = new CanonicalWriter();
        Write(writer, shape, document);
        return decoded.SequenceEqual(writer.WrittenSpan);
    }
}

/// <summary>What a document of any version can be asked for; its other members may have changed.</summary>
internal sealed class DocumentHeader
{
    public long Version { get; set; }

    public string Origin { get; set; } = "";

    /// <summary>Null when absent or not a string.</summary>
    public string? Hlc { get; set; }
}
