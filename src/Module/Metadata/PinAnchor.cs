using System.Text;
using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>Where a pin register points and what it says there (spec 9.2).</summary>
internal readonly record struct PinAnchor(string SourceUuid, long Ordinal, string? Note)
{
    /// <summary>Reads a register value: the canonical pin object.</summary>
    public static PinAnchor Parse(string value)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(value));
        (string uuid, long ordinal, string? note) = ("", 0, null);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string? name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "source_uuid":
                    uuid = reader.GetString() ?? "";
                    break;
                case "ordinal":
                    ordinal = reader.GetInt64();
                    break;
                case "note":
                    note = reader.GetString();
                    break;
                default:
                    throw new ArtifactSyncException(ErrorCode.ArchiveCorrupt, $"The pin register holds '{value}', which is no pin.", value);
            }
        }

        return new PinAnchor(uuid, ordinal, note);
    }

    public Pin ToPin() => new() { SourceUuid = SourceUuid, Ordinal = Ordinal, Note = Note };
}

/// <summary>The messages of one session as pins see them: ordinals and source uuids.</summary>
internal sealed class MessageAnchors
{
    private readonly Dictionary<string, List<long>> _byUuid = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _byOrdinal = [];

    public MessageAnchors(IEnumerable<(long Ordinal, string SourceUuid)> messages)
    {
        foreach ((long ordinal, string uuid) in messages)
        {
            _byOrdinal[ordinal] = uuid;
            if (uuid.Length > 0)
            {
                if (!_byUuid.TryGetValue(uuid, out List<long>? ordinals))
                {
                    _byUuid.Add(uuid, ordinals = []);
                }

                ordinals.Add(ordinal);
            }
        }
    }

    /// <summary>The message a pin means: the lowest ordinal with its uuid, else its ordinal; null = no such message.</summary>
    public long? Resolve(string sourceUuid, long ordinal) =>
        ByUuid(sourceUuid) is { Count: > 0 } ordinals ? ordinals.Min() : _byOrdinal.ContainsKey(ordinal) ? ordinal : null;

    /// <summary>All messages with this uuid.</summary>
    public IReadOnlyList<long> ByUuid(string sourceUuid) =>
        sourceUuid.Length > 0 && _byUuid.TryGetValue(sourceUuid, out List<long>? ordinals) ? ordinals : [];

    /// <summary>The uuid of a message, empty when it has none; null = no such message.</summary>
    public string? UuidOf(long ordinal) => _byOrdinal.GetValueOrDefault(ordinal);
}
