using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>An object that is always there.</summary>
internal sealed class ObjectField<T, TChild>(string name, WireObject<TChild> shape, Func<T, TChild> get) : WireField<T>(name)
    where T : class
    where TChild : class, new()
{
    public override void Write(CanonicalWriter writer, T target)
    {
        writer.Name(Utf8Name);
        shape.Write(writer, get(target));
    }

    public override void Read(ref JsonScanner json, T target, ref long version) => shape.Read(ref json, get(target), ref version);
}

/// <summary>Omitted when null. A second object of the name merges into the first.</summary>
internal sealed class NullableObjectField<T, TChild>(
    string name, WireObject<TChild> shape, Func<T, TChild?> get, Action<T, TChild?> set) : WireField<T>(name)
    where T : class
    where TChild : class, new()
{
    public override void Write(CanonicalWriter writer, T target)
    {
        if (get(target) is { } value)
        {
            writer.Name(Utf8Name);
            shape.Write(writer, value);
        }
    }

    public override void Read(ref JsonScanner json, T target, ref long version)
    {
        if (json.TryNull())
        {
            set(target, null);
            return;
        }

        TChild child = get(target) ?? new();
        shape.Read(ref json, child, ref version);
        set(target, child);
    }
}

/// <summary>An array of objects: omitted when empty, bounded before it is built; a second array replaces the first.</summary>
internal sealed class ListField<T, TChild>(
    string name, WireObject<TChild> shape, int limit, Func<T, List<TChild>> get, Action<T, List<TChild>> set)
    : WireField<T>(name)
    where T : class
    where TChild : class, new()
{
    public override void Write(CanonicalWriter writer, T target)
    {
        List<TChild> children = get(target);
        if (children.Count == 0)
        {
            return;
        }

        writer.Name(Utf8Name);
        writer.BeginArray();
        foreach (TChild child in children)
        {
            shape.Write(writer, child);
        }

        writer.EndArray();
    }

    public override void Read(ref JsonScanner json, T target, ref long version)
    {
        var children = new List<TChild>();
        if (!json.TryNull())
        {
            json.BeginArray();
            while (json.NextElement())
            {
                WireLimit.Require(children.Count < limit, Name, limit);
                var child = new TChild();
                shape.Read(ref json, child, ref version);
                children.Add(child);
            }
        }

        set(target, children);
    }
}

/// <summary>An array of strings, always written.</summary>
internal sealed class TextListField<T>(string name, int limit, Func<T, List<string>> get, Action<T, List<string>> set) : WireField<T>(name)
    where T : class
{
    public override void Write(CanonicalWriter writer, T target)
    {
        writer.Name(Utf8Name);
        writer.BeginArray();
        foreach (string text in get(target))
        {
            writer.Value(text);
        }

        writer.EndArray();
    }

    public override void Read(ref JsonScanner json, T target, ref long version)
    {
        var texts = new List<string>();
        if (!json.TryNull())
        {
            json.BeginArray();
            while (json.NextElement())
            {
                WireLimit.Require(texts.Count < limit, Name, limit);
                texts.Add(json.TryNull() ? "" : json.Text());
            }
        }

        set(target, texts);
    }
}

internal static class WireLimit
{
    public static void Require(bool within, string what, long limit)
    {
        if (!within)
        {
            throw new ArtifactSyncException(ErrorCode.DocumentLimitExceeded, $"More than {limit} {what}.");
        }
    }
}
