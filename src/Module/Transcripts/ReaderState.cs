using System.Text.Json;
using System.Text.Json.Serialization;
using ArtifactSync.Wire;

namespace ArtifactSync.Transcripts;

/// <summary>
/// All that a reader knows after some line, so that reading can go on there another day. What depends on the whole
/// file only is computed when a read ends and never part of it.
/// </summary>
internal sealed record ReaderState
{
    /// <summary>Raised with every change of what readers make of the same bytes: files are then read anew.</summary>
    public const int CurrentVersion = 1;

    public int Version { get; set; } = CurrentVersion;

    /// <summary>The session row as far as it is known.</summary>
    public SessionRecord Session { get; set; } = new();

    public bool HasToolCalls { get; set; }
    public bool HasContextData { get; set; }
    public TranscriptTime Started { get; set; }
    public TranscriptTime Ended { get; set; }
    public long NextOrdinal { get; set; }

    /// <summary>Chain over all lines so far (<see cref="ContentHash"/>).</summary>
    public ulong Hash { get; set; }

    /// <summary>The chain at the end of the file, set when the state is saved: the same file, touched, has the same one.</summary>
    public ulong EndHash { get; set; }

    /// <summary>Names in rising order of weight: what the user typed beats what the agent made up.</summary>
    public string? Summary { get; set; }
    public string? AiTitle { get; set; }
    public string? UserTitle { get; set; }

    /// <summary>Claude: uuid of the last line; summaries whose line has not come, for they may speak of another file.</summary>
    public string LastUuid { get; set; } = "";
    public Dictionary<string, string> Leaves { get; set; } = new(StringComparer.Ordinal);

    public string StopReason { get; set; } = "";
    /// <summary>Calls of the last assistant message that have no result yet.</summary>
    public List<string> Unanswered { get; set; } = [];

    /// <summary>Claude: id of the last assistant message and the output tokens counted for it.</summary>
    public string LastMessageId { get; set; } = "";
    public long LastMessageTokens { get; set; }

    /// <summary>Codex: model of the current turn, the last usage seen, the last task event.</summary>
    public string Model { get; set; } = "";
    public ulong LastUsage { get; set; }
    public string TaskEvent { get; set; } = "";
    public bool HasMeta { get; set; }

    public CallTable Calls { get; set; } = new();

    /// <summary>A copy that further reading does not change, except for <see cref="Calls"/>, which it shares.</summary>
    public ReaderState Snapshot() => this with
    {
        Session = Session with { }, Unanswered = [.. Unanswered], Leaves = new(Leaves, StringComparer.Ordinal),
    };

    public string Save() => JsonSerializer.Serialize(this, ReaderStateContext.Default.ReaderState);

    /// <summary>A saved state; null when there is none, or none of this version.</summary>
    public static ReaderState? Load(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        try
        {
            ReaderState? state = JsonSerializer.Deserialize(text, ReaderStateContext.Default.ReaderState);
            return state?.Version == CurrentVersion ? state : null;
        }
        catch (JsonException)
        {
            // Not ours, or damaged: the file is read from its beginning, which is always right.
            return null;
        }
    }
}

/// <summary>Where a tool call stands whose result or subagent may still be told.</summary>
internal sealed record OpenCall(string Id, long Ordinal, int Index, string Tool)
{
    public bool IsAnswered { get; set; }
    public bool IsLinked { get; set; }
}

/// <summary>
/// Tool calls that later lines may speak of, in their order and bounded: the oldest are forgotten first,
/// by count alone, so that a read in pieces forgets the same ones as a read at once.
/// </summary>
internal sealed class CallTable
{
    private const int Capacity = 4096;

    private readonly Dictionary<string, OpenCall> _byId = new(StringComparer.Ordinal);
    private readonly Queue<OpenCall> _order = new();

    /// <summary>The calls, oldest first; for saving.</summary>
    public List<OpenCall> Calls
    {
        get => [.. _order.Where(call => _byId.TryGetValue(call.Id, out OpenCall? current) && ReferenceEquals(current, call))];
        set
        {
            foreach (OpenCall call in value)
            {
                Add(call);
            }
        }
    }

    /// <summary>Claude: subagent by tool call; Codex: tool call by subagent.</summary>
    public Dictionary<string, string> Links { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Codex: ordinals of assistant messages of this turn that have no usage yet.</summary>
    public List<long> WithoutUsage { get; set; } = [];

    public void Add(OpenCall call)
    {
        if (call.Id.Length == 0)
        {
            return;
        }

        _byId[call.Id] = call;
        _order.Enqueue(call);
        while (_byId.Count > Capacity || _order.Count > Capacity * 4)
        {
            OpenCall oldest = _order.Dequeue();
            if (_byId.TryGetValue(oldest.Id, out OpenCall? current) && ReferenceEquals(current, oldest))
            {
                _byId.Remove(oldest.Id);
            }
        }
    }

    public OpenCall? Find(string id) => _byId.GetValueOrDefault(id);

    public void Remove(string id) => _byId.Remove(id);

    /// <summary>As <see cref="Link"/>, but the newest word counts.</summary>
    public void Relink(string from, string to)
    {
        if (Links.Count < Capacity || Links.ContainsKey(from))
        {
            Links[from] = to;
        }
    }

    /// <summary>Remembers a link; beyond a bound, further ones are ignored.</summary>
    public void Link(string from, string to)
    {
        if (Links.Count < Capacity)
        {
            Links.TryAdd(from, to);
        }
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(ReaderState))]
internal sealed partial class ReaderStateContext : JsonSerializerContext;
