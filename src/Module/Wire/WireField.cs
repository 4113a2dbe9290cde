namespace ArtifactSync.Wire;

/// <summary>
/// One member of a wire object: how it is written and how it is read into a target. Reading follows spec 3.8: a null resets
/// what can be null and leaves anything else as it is.
/// </summary>
internal abstract class WireField<T>(string name)
    where T : class
{
    public string Name { get; } = name;

    public byte[] Utf8Name { get; } = System.Text.Encoding.ASCII.GetBytes(name);

    public abstract void Write(CanonicalWriter writer, T target);

    public abstract void Read(ref JsonScanner json, T target, ref long version);
}

internal sealed class TextField<T>(string name, bool omitEmpty, Func<T, string> get, Action<T, string> set) : WireField<T>(name)
    where T : class
{
    public override void Write(CanonicalWriter writer, T target)
    {
        string value = get(target);
        if (value.Length > 0 || !omitEmpty)
        {
            writer.Name(Utf8Name);
            writer.Value(value);
        }
    }

    public override void Read(ref JsonScanner json, T target, ref long version)
    {
        if (!json.TryNull())
        {
            set(target, json.Text());
        }
    }
}

internal sealed class NullableTextField<T>(string name, bool omitNull, Func<T, string?> get, Action<T, string?> set) : WireField<T>(name)
    where T : class
{
    public override void Write(CanonicalWriter writer, T target)
    {
        string? value = get(target);
        if (value is not null)
        {
            writer.Name(Utf8Name);
            writer.Value(value);
        }
        else if (!omitNull)
        {
            writer.Name(Utf8Name);
            writer.Null();
        }
    }

    public override void Read(ref JsonScanner json, T target, ref long version) => set(target, json.TryNull() ? null : json.Text());
}

internal sealed class NumberField<T>(string name, bool omitZero, Func<T, long> get, Action<T, long> set) : WireField<T>(name)
    where T : class
{
    public override void Write(CanonicalWriter writer, T target)
    {
        long value = get(target);
        if (value != 0 || !omitZero)
        {
            writer.Name(Utf8Name);
            writer.Value(value);
        }
    }

    public override void Read(ref JsonScanner json, T target, ref long version)
    {
        if (!json.TryNull())
        {
            set(target, json.Integer());
        }
    }
}

/// <summary>Omitted when null; 0 is written.</summary>
internal sealed class NullableNumberField<T>(string name, Func<T, long?> get, Action<T, long?> set) : WireField<T>(name)
    where T : class
{
    public override void Write(CanonicalWriter writer, T target)
    {
        if (get(target) is { } value)
        {
            writer.Name(Utf8Name);
            writer.Value(value);
        }
    }

    public override void Read(ref JsonScanner json, T target, ref long version) => set(target, json.TryNull() ? null : json.Integer());
}

/// <summary>Omitted when null; 0 is written.</summary>
internal sealed class NullableFloatField<T>(string name, Func<T, double?> get, Action<T, double?> set) : WireField<T>(name)
    where T : class
{
    public override void Write(CanonicalWriter writer, T target)
    {
        if (get(target) is { } value)
        {
            writer.Name(Utf8Name);
            writer.Value(value);
        }
    }

    public override void Read(ref JsonScanner json, T target, ref long version) => set(target, json.TryNull() ? null : json.Float());
}

internal sealed class FlagField<T>(string name, bool omitFalse, Func<T, bool> get, Action<T, bool> set) : WireField<T>(name)
    where T : class
{
    public override void Write(CanonicalWriter writer, T target)
    {
        bool value = get(target);
        if (value || !omitFalse)
        {
            writer.Name(Utf8Name);
            writer.Value(value);
        }
    }

    public override void Read(ref JsonScanner json, T target, ref long version)
    {
        if (!json.TryNull())
        {
            set(target, json.Flag());
        }
    }
}

/// <summary>Embedded JSON (spec 3.6): omitted when empty; a null is a value.</summary>
internal sealed class RawField<T>(string name, Func<T, string> get, Action<T, string> set) : WireField<T>(name)
    where T : class
{
    public override void Write(CanonicalWriter writer, T target)
    {
        string value = get(target);
        if (value.Length > 0)
        {
            writer.Name(Utf8Name);
            RawJson.Write(writer, value);
        }
    }

    public override void Read(ref JsonScanner json, T target, ref long version) => set(target, Utf8Text.Decode(json.Raw()));
}

/// <summary>A version that the target does not hold: always the one of the format when written, handed out when read.</summary>
internal sealed class VersionField<T>(string name, long version) : WireField<T>(name)
    where T : class
{
    public override void Write(CanonicalWriter writer, T target)
    {
        writer.Name(Utf8Name);
        writer.Value(version);
    }

    public override void Read(ref JsonScanner json, T target, ref long version)
    {
        if (!json.TryNull())
        {
            version = json.Integer();
        }
    }
}

/// <summary>A string of a document of unknown version, read only: any other type counts as absent.</summary>
internal sealed class LooseTextField<T>(string name, Action<T, string?> set) : WireField<T>(name)
    where T : class
{
    public override void Write(CanonicalWriter writer, T target) => throw new NotSupportedException("Headers are read only.");

    public override void Read(ref JsonScanner json, T target, ref long version)
    {
        if (json.Peek() == '"')
        {
            set(target, json.Text());
        }
        else
        {
            json.Skip();
            set(target, null);
        }
    }
}
