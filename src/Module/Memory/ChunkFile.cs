using System.IO.Compression;
using ArtifactSync.Errors;
using ArtifactSync.Store;

namespace ArtifactSync.Memory;

/// <summary>What a chunk asks for: a row of its lists, or an entry of its <c>mutations</c>.</summary>
/// <param name="Mutation">Set for explicit mutations.</param>
internal sealed record ChunkItem(string Entity, string Key, bool IsDelete, RowFields Row, Mutation? Mutation)
{
    /// <summary>The session that an observation or prompt needs.</summary>
    public string? NeedsSession => Entity is Memory.Entity.Observation or Memory.Entity.Prompt ? Row.Filled(Field.SessionId) : null;
}

/// <summary>One chunk file (memory spec 4.2): gzip around one JSON object.</summary>
internal static class ChunkFile
{
    /// <summary>Bytes of a chunk after decompression.</summary>
    public const long MaxBytes = 512L * 1024 * 1024;
    private const string Folder = "chunks";
    private static readonly byte[] s_magic = [0x1F, 0x8B, 0x08];

    public static string FolderOf(string directory) => Path.Combine(directory, Folder);

    public static string PathOf(string directory, string id) => Path.Combine(directory, Folder, id + ".jsonl.gz");

    /// <summary>
    /// The document of a chunk; null when its file is missing. A blank id, or one that differs from the file's name in letter case,
    /// is a missing file.
    /// </summary>
    /// <exception cref="ArtifactSyncException">MemoryChunkInvalid, MemoryFileUnreadable.</exception>
    public static ExportDocument? Open(string directory, string id, CancellationToken cancellationToken)
    {
        var path = PathOf(directory, id);
        if (MemoryText.IsBlank(id) || !Exists(path))
        {
            return null;
        }

        try
        {
            return ExportDocument.Open(Decompress(File.ReadAllBytes(path)), path, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException || e is ArtifactSyncException { Code: ErrorCode.MemoryDocumentInvalid })
        {
            throw new ArtifactSyncException(ErrorCode.MemoryChunkInvalid, $"The chunk '{id}' ('{path}') is damaged: {e.Message}", id, e);
        }
        catch (Exception e) when (FolderErrors.IsFileFault(e))
        {
            throw new ArtifactSyncException(ErrorCode.MemoryFileUnreadable,
                $"The chunk '{id}' ('{path}') cannot be read: {e.Message}", id, e);
        }
    }

    /// <summary>The bytes of a chunk file as they were before compression.</summary>
    /// <exception cref="InvalidDataException">Broken, cut off, followed by something else, or too large.</exception>
    public static MemoryStream Decompress(byte[] gzip)
    {
        var result = new MemoryStream();
        using var stream = new GZipStream(new MemoryStream(gzip, writable: false), CompressionMode.Decompress);
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            result.Write(buffer, 0, read);
            if (result.Length > MaxBytes)
            {
                throw new InvalidDataException($"It is larger than {MaxBytes >> 20} MiB.");
            }
        }

        if (!EndsWithTrailer(gzip, result.Length))
        {
            throw new InvalidDataException("Its compressed data is cut off, or something follows it.");
        }

        return result;
    }

    // The runtime passes over what follows the last member, and takes a file that lacks its end. The last four bytes of a member
    // are its length; of several members that is the length of the last one.
    private static bool EndsWithTrailer(byte[] gzip, long length)
    {
        if (gzip.Length < 18)
        {
            return false;
        }

        var stated = BitConverter.ToUInt32(gzip, gzip.Length - 4);
        if (stated == (uint)length)
        {
            return true;
        }

        for (var at = gzip.AsSpan(1).IndexOf(s_magic); at >= 0;)
        {
            var member = gzip.AsSpan(1 + at);
            if (Length(member.ToArray()) is { } tail && tail == stated)
            {
                return true;
            }

            var next = gzip.AsSpan(at + 2).IndexOf(s_magic);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return false;
    }

    private static long? Length(byte[] gzip)
    {
        try
        {
            using var stream = new GZipStream(new MemoryStream(gzip, writable: false), CompressionMode.Decompress);
            var buffer = new byte[64 * 1024];
            var length = 0L;
            int read;
            while ((read = stream.Read(buffer)) > 0)
            {
                length += read;
            }

            return length;
        }
        catch (InvalidDataException)
        {
            return null; // the magic was part of compressed data
        }
    }

    private static bool Exists(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        // On file systems that ignore letter case the listing tells the true name.
        return File.Exists(path)
            && (OperatingSystem.IsLinux()
                || Directory.EnumerateFiles(folder, Path.GetFileName(path)).Any(f => Path.GetFileName(f) == Path.GetFileName(path)));
    }
}
