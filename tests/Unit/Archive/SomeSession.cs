using System.Reflection;
using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Archive;

/// <summary>Sessions and messages for tests; <see cref="Fill{T}"/> gives every property a value of its own.</summary>
internal static class SomeSession
{
    public static SessionRow Row(string id, bool own = true, string origin = "") => new()
    {
        Own = own,
        Origin = origin,
        Session = new SessionRecord { Id = id, Project = "demo", Agent = "claude", CreatedAt = "2026-01-01T00:00:00Z" },
    };

    public static MessageRecord Message(long ordinal, string content, string uuid = "") =>
        new() { Ordinal = ordinal, Role = "user", Content = content, ContentLength = content.Length, SourceUuid = uuid };

    public static MessageRecord[] Messages(params string[] contents) => [.. contents.Select((text, i) => Message(i, text))];

    /// <summary>Sets every settable property that is a number, flag or text to a distinct value other than its default.</summary>
    public static T Fill<T>(T target, int seed) where T : notnull
    {
        foreach (var property in typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
        {
            seed++;
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            object? value = type switch
            {
                _ when type == typeof(string) => $"{property.Name} ü\u0000💡 {seed}",
                _ when type == typeof(long) => (long)seed,
                _ when type == typeof(bool) => true,
                _ when type == typeof(double) => seed + 0.1,
                _ => null,
            };
            if (value is not null)
            {
                property.SetValue(target, value);
            }
        }

        return target;
    }

    public static MessageRecord FullMessage(int seed, int calls, int events)
    {
        var message = Fill(new MessageRecord(), seed);
        message.Ordinal = seed;
        for (var c = 0; c < calls; c++)
        {
            var call = Fill(new ToolCallRecord(), seed + (100 * c));
            call.CallIndex = c;
            for (var e = 0; e < events; e++)
            {
                var record = Fill(new ToolResultEventRecord(), seed + (100 * c) + (1000 * e));
                record.EventIndex = e;
                call.ResultEvents.Add(record);
            }

            message.ToolCalls.Add(call);
        }

        return message;
    }
}
