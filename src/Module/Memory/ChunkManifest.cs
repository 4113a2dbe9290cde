using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Memory;

/// <summary>An entry of a manifest. Counts and author are for people.</summary>
internal sealed record ChunkEntry(string Id, string CreatedBy, string CreatedAt, long Sessions, long Memories, long Prompts);

/// <summary>
/// <c>manifest.json</c> of a chunk directory (memory spec 4.1): the list of chunks in the order of writing, only ever appended to. What we
/// don't know in it survives.
/// </summary>
internal sealed partial class ChunkManifest
{
    public const string FileName = "manifest.json";
    public const long Version = 1;
    private const long MaxBytes = 64L * 1024 * 1024;
    private static readonly JsonWriterOptions s_writing =
        new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _folder;
    private readonly byte[]? _bytes;

    private ChunkManifest(string folder, byte[]? bytes) => (_folder, _bytes) = (folder, bytes);

    public long StatedVersion { get; private set; } = Version;

    public IReadOnlyList<ChunkEntry> Entries { get; private set; } = [];

    private string File => Path.Combine(_folder, FileName);

    /// <summary>A missing file is a manifest without chunks.</summary>
    /// <exception cref="ArtifactSyncException">MemoryChunkInvalid; MemoryFileUnreadable.</exception>
    public static ChunkManifest Read(string folder)
    {
        var manifest = new ChunkManifest(folder, Load(folder));
        if (manifest._bytes is { } bytes)
        {
            manifest.Parse(bytes);
        }

        return manifest;
    }

    /// <summary>Whether an id may be one: nothing else ever becomes part of a path.</summary>
    public static bool IsId(string id) => IdPattern().IsMatch(id);

    /// <summary>Who makes a chunk on this machine (4.1).</summary>
    public static string Author() =>
        Environment.GetEnvironmentVariable("USER") is { Length: > 0 } user ? user
        : Environment.GetEnvironmentVariable("USERNAME") is { Length: > 0 } name ? name
        : Environment.MachineName is { Length: > 0 } host ? host : "unknown";

    /// <summary><c>created_at</c> of an entry.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The entries of a manifest that a server sent.</summary>
    /// <exception cref="ArtifactSyncException">MemoryChunkInvalid.</exception>
    public static IReadOnlyList<ChunkEntry> Parse(string server, ReadOnlySpan<byte> bytes)
    {
        var manifest = new ChunkManifest(server, null);
        manifest.Parse(bytes);
        return manifest.Entries;
    }

    /// <summary>Writes the manifest with one more entry, to a temporary file that is renamed.</summary>
    /// <exception cref="ArtifactSyncException">MemoryVersionUnsupported: a newer program keeps this directory.</exception>
    public void Append(ChunkEntry entry)
    {
        RequireWritable();
        var root = _bytes is null ? new JsonObject { ["version"] = Version } : JsonNode.Parse(_bytes) as JsonObject ?? new JsonObject();
        var name = root.Select(static m => m.Key).FirstOrDefault(static k => k.Equals("chunks", StringComparison.OrdinalIgnoreCase))
            ?? "chunks";
        if (root[name] is not JsonArray chunks)
        {
            root[name] = chunks = [];
        }

        chunks.Add((JsonNode)new JsonObject
        {
            ["id"] = entry.Id, ["created_by"] = entry.CreatedBy, ["created_at"] = entry.CreatedAt, ["sessions"] = entry.Sessions,
            ["memories"] = entry.Memories, ["prompts"] = entry.Prompts,
        });
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, s_writing))
        {
            root.WriteTo(json);
        }

        ReplacingFile.Write(File, stream => stream.Write(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    public void RequireWritable()
    {
        if (StatedVersion > Version)
        {
            throw new ArtifactSyncException(
                ErrorCode.MemoryVersionUnsupported,
                $"'{File}' has version {StatedVersion}; this module writes {Version}. Nothing was written; importing from it works.",
                _folder);
        }
    }

    [GeneratedRegex("^[0-9A-Za-z_-]{1,64}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IdPattern();

    private static byte[]? Load(string folder)
    {
        var file = Path.Combine(folder, FileName);
        try
        {
            return new FileInfo(file) is { Exists: true, Length: > MaxBytes }
                ? throw new ArtifactSyncException(ErrorCode.MemoryChunkInvalid,
                    $"The manifest '{file}' is larger than {MaxBytes >> 20} MiB.", folder)
                : System.IO.File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (FolderErrors.IsFileFault(e))
        {
            throw new ArtifactSyncException(ErrorCode.MemoryFileUnreadable, $"The manifest '{file}' cannot be read: {e.Message}",
                folder, e);
        }
    }

    private void Parse(ReadOnlySpan<byte> bytes)
    {
        var json = new JsonScanner(bytes);
        try
        {
            if (!json.TryNull())
            {
                ReadMembers(ref json);
            }

            json.End();
        }
        catch (ArtifactSyncException e) when (e.Code == ErrorCode.DocumentInvalid)
        {
            throw new ArtifactSyncException(ErrorCode.MemoryChunkInvalid,
                $"The manifest '{File}' is damaged: {e.Message} Nothing was imported.", _folder, e);
        }
        finally
        {
            json.Dispose();
        }
    }

    private void ReadMembers(ref JsonScanner json)
    {
        json.BeginObject();
        while (json.NextMember(out var name))
        {
            if (System.Text.Ascii.EqualsIgnoreCase(name, "version"u8))
            {
                StatedVersion = json.TryNull() ? Version : json.Integer();
            }
            else if (System.Text.Ascii.EqualsIgnoreCase(name, "chunks"u8))
            {
                Entries = json.TryNull() ? [] : ReadEntries(ref json);
            }
            else
            {
                json.Skip();
            }
        }
    }

    private static List<ChunkEntry> ReadEntries(ref JsonScanner json)
    {
        var entries = new List<ChunkEntry>();
        json.BeginArray();
        while (json.NextElement())
        {
            var row = RowShape.Chunk.Read(ref json);
            entries.Add(new ChunkEntry(row.Text(Field.Id), row.Text(Field.CreatedBy), row.Text(Field.CreatedAt),
                row.Number(Field.Sessions), row.Number(Field.Memories), row.Number(Field.Prompts)));
        }

        return entries;
    }
}
