using System.Text;
using ArtifactSync.Wire;

namespace ArtifactSync.Memory;

/// <summary>Every member that a row or payload may have (memory spec 2, 5.4).</summary>
internal enum Field
{
    Id, SyncId, SessionId, Type, Title, Content, ToolName, Project, Scope, TopicKey, RevisionCount, DuplicateCount, LastSeenAt, CreatedAt,
    UpdatedAt, DeletedAt, Deleted, HardDelete, Directory, StartedAt, EndedAt, Summary, SourceId, TargetId, Relation, Reason, Evidence,
    Confidence, JudgmentStatus, MarkedByActor, MarkedByKind, MarkedByModel, Entity, EntityKey, Op, Payload, OccurredAt, CreatedBy,
    Sessions, Memories, Prompts,
}

internal enum FieldKind { Text, Integer, Number, Flag }

/// <summary>
/// The members of one kind of JSON object. Unknown members are passed over, letter case does not matter, the last one wins.
/// </summary>
internal sealed class RowShape
{
    /// <summary>A session has no other identity than its <c>id</c>, which is text; that of the others is a local number.</summary>
    public static readonly RowShape Session = new(
        Text(Field.Id), Text(Field.Project), Text(Field.Directory), Text(Field.StartedAt), Text(Field.EndedAt), Text(Field.Summary),
        Flag(Field.Deleted), Text(Field.DeletedAt), Flag(Field.HardDelete));

    public static readonly RowShape Observation = new(
        (Field.Id, FieldKind.Integer), Text(Field.SyncId), Text(Field.SessionId), Text(Field.Type), Text(Field.Title), Text(Field.Content),
        Text(Field.ToolName), Text(Field.Project), Text(Field.Scope), Text(Field.TopicKey), (Field.RevisionCount, FieldKind.Integer),
        (Field.DuplicateCount, FieldKind.Integer), Text(Field.LastSeenAt), Text(Field.CreatedAt), Text(Field.UpdatedAt),
        Flag(Field.Deleted), Text(Field.DeletedAt), Flag(Field.HardDelete));

    public static readonly RowShape Prompt = new(
        (Field.Id, FieldKind.Integer), Text(Field.SyncId), Text(Field.SessionId), Text(Field.Content), Text(Field.Project),
        Text(Field.CreatedAt), Flag(Field.Deleted), Text(Field.DeletedAt), Flag(Field.HardDelete));

    public static readonly RowShape Relation = new(
        Text(Field.SyncId), Text(Field.SourceId), Text(Field.TargetId), Text(Field.Relation), Text(Field.Reason), Text(Field.Evidence),
        (Field.Confidence, FieldKind.Number), Text(Field.JudgmentStatus), Text(Field.MarkedByActor), Text(Field.MarkedByKind),
        Text(Field.MarkedByModel), Text(Field.SessionId), Text(Field.Project), Text(Field.CreatedAt), Text(Field.UpdatedAt));

    /// <summary>An entry of the <c>mutations</c> of a chunk.</summary>
    public static readonly RowShape Mutation = new(
        Text(Field.Entity), Text(Field.EntityKey), Text(Field.Op), Text(Field.Payload), Text(Field.Project), Text(Field.OccurredAt));

    /// <summary>An entry of a manifest.</summary>
    public static readonly RowShape Chunk = new(
        Text(Field.Id), Text(Field.CreatedBy), Text(Field.CreatedAt), (Field.Sessions, FieldKind.Integer),
        (Field.Memories, FieldKind.Integer), (Field.Prompts, FieldKind.Integer));

    private readonly (Field Field, FieldKind Kind)[] _fields;
    private readonly byte[][] _names;

    private RowShape(params (Field Field, FieldKind Kind)[] fields) =>
        (_fields, _names) = (fields, [.. fields.Select(f => Encoding.ASCII.GetBytes(Name(f.Field)))]);

    /// <summary>In the order of the wire.</summary>
    public IReadOnlyList<(Field Field, FieldKind Kind)> Fields => _fields;

    /// <summary>Reads one object; a null is an object without members, as in the original program.</summary>
    /// <exception cref="Errors.ArtifactSyncException">DocumentInvalid: no object, or a member of the wrong type.</exception>
    public RowFields Read(ref JsonScanner json)
    {
        var row = new RowFields();
        if (json.TryNull())
        {
            return row;
        }

        json.BeginObject();
        var next = 0;
        while (json.NextMember(out var name))
        {
            var index = Find(name, next);
            if (index < 0)
            {
                json.Skip();
                continue;
            }

            next = index + 1;
            if (!json.TryNull())
            {
                Read(ref json, row, _fields[index]);
            }
        }

        return row;
    }

    /// <summary>The member's name on the wire: <c>sync_id</c> for SyncId.</summary>
    public static string Name(Field field)
    {
        var name = new StringBuilder();
        foreach (var c in field.ToString())
        {
            name.Append(char.IsUpper(c) && name.Length > 0 ? "_" : "").Append(char.ToLowerInvariant(c));
        }

        return name.ToString();
    }

    private static void Read(ref JsonScanner json, RowFields row, (Field Field, FieldKind Kind) field)
    {
        switch (field.Kind)
        {
            case FieldKind.Text:
                row.Set(field.Field, json.Text());
                break;
            case FieldKind.Integer:
                row.Set(field.Field, json.Integer());
                break;
            case FieldKind.Number:
                row.Confidence = json.Float();
                break;
            default:
                row.Set(field.Field, json.Flag() ? 1 : 0);
                break;
        }
    }

    // Members usually come in the order of the table.
    private int Find(ReadOnlySpan<byte> name, int first)
    {
        for (var i = 0; i < _names.Length; i++)
        {
            var index = (first + i) % _names.Length;
            if (Ascii.EqualsIgnoreCase(_names[index], name))
            {
                return index;
            }
        }

        return -1;
    }

    private static (Field Field, FieldKind Kind) Text(Field field) => (field, FieldKind.Text);

    private static (Field Field, FieldKind Kind) Flag(Field field) => (field, FieldKind.Flag);
}

/// <summary>The members that one object had; a null counts as missing.</summary>
internal sealed class RowFields
{
    private static readonly int s_count = Enum.GetValues<Field>().Length;
    private readonly string?[] _texts = new string?[s_count];
    private readonly long[] _numbers = new long[s_count];

    public double? Confidence { get; set; }

    /// <summary>The text of a member; null when it is missing.</summary>
    public string? this[Field field] => _texts[(int)field];

    public string Text(Field field) => _texts[(int)field] ?? "";

    /// <summary>The text, with blank as missing.</summary>
    public string? Filled(Field field) => MemoryText.IsBlank(_texts[(int)field]) ? null : _texts[(int)field];

    public long Number(Field field) => _numbers[(int)field];

    public bool Flag(Field field) => _numbers[(int)field] != 0;

    public void Set(Field field, string text) => _texts[(int)field] = text;

    public void Set(Field field, long number) => _numbers[(int)field] = number;

    public MemorySession ToSession() => new(
        Text(Field.Id), Text(Field.Project), Text(Field.Directory), Text(Field.StartedAt), this[Field.EndedAt], this[Field.Summary]);

    public Observation ToObservation() => new()
    {
        SyncId = Text(Field.SyncId), SessionId = Text(Field.SessionId), Type = Text(Field.Type), Title = Text(Field.Title),
        Content = Text(Field.Content), ToolName = this[Field.ToolName], Project = this[Field.Project], Scope = Text(Field.Scope),
        TopicKey = this[Field.TopicKey], RevisionCount = Number(Field.RevisionCount), DuplicateCount = Number(Field.DuplicateCount),
        LastSeenAt = this[Field.LastSeenAt], CreatedAt = Text(Field.CreatedAt), UpdatedAt = Text(Field.UpdatedAt),
        DeletedAt = this[Field.DeletedAt],
    };

    public Prompt ToPrompt() => new()
    {
        SyncId = Text(Field.SyncId), SessionId = Text(Field.SessionId), Content = Text(Field.Content), Project = Text(Field.Project),
        CreatedAt = Text(Field.CreatedAt),
    };

    public Relation ToRelation() => new()
    {
        SyncId = Text(Field.SyncId), SourceId = Text(Field.SourceId), TargetId = Text(Field.TargetId),
        Kind = Filled(Field.Relation) ?? "pending", Reason = this[Field.Reason], Evidence = this[Field.Evidence], Confidence = Confidence,
        JudgmentStatus = Filled(Field.JudgmentStatus) ?? "pending", MarkedByActor = this[Field.MarkedByActor],
        MarkedByKind = this[Field.MarkedByKind], MarkedByModel = this[Field.MarkedByModel], SessionId = this[Field.SessionId],
        CreatedAt = Text(Field.CreatedAt), UpdatedAt = Text(Field.UpdatedAt),
    };
}
