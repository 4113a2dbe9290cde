using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>
/// Pulls values out of JSON text one by one. Grammar is strict; what text, names and nulls mean is lenient in the way of
/// spec 3.8. A value can be followed by anything until the next pull, which embedded JSON needs (spec 3.6).
/// </summary>
/// <remarks>Every fault is an <see cref="ErrorCode.DocumentInvalid"/> that names the byte offset. No recursion.</remarks>
internal ref struct JsonScanner(ReadOnlySpan<byte> json)
{
    // The quotation mark, the backslash and what may not be in a string at all.
    private static readonly SearchValues<byte> StringEnd =
        SearchValues.Create([(byte)'"', (byte)'\\', .. Enumerable.Range(0, 0x20).Select(static c => (byte)c)]);

    private readonly ReadOnlySpan<byte> _json = json;
    private int _at;
    private int _depth;
    private bool _afterValue;
    private byte[]? _scratch;

    /// <summary>Offset of the next byte.</summary>
    public readonly int Position => _at;

    /// <summary>Whether white space was passed anywhere so far.</summary>
    public bool SawSpace { get; private set; }

    /// <summary>The first byte of the next value.</summary>
    public byte Peek()
    {
        SkipSpace();
        return _at < _json.Length ? _json[_at] : throw Invalid("ends early");
    }

    /// <summary>Consumes a null if there is one.</summary>
    public bool TryNull()
    {
        if (Peek() != 'n')
        {
            return false;
        }

        Literal("null"u8);
        return true;
    }

    public bool Flag()
    {
        bool value = Peek() == 't';
        Literal(value ? "true"u8 : "false"u8);
        return value;
    }

    /// <summary>A 64-bit integer: no fraction, no exponent.</summary>
    public long Integer()
    {
        ReadOnlySpan<byte> number = Number();
        return Utf8Parser.TryParse(number, out long value, out int used) && used == number.Length
            ? value
            : throw Invalid("is not a 64-bit integer");
    }

    public double Float()
    {
        ReadOnlySpan<byte> number = Number();
        return Utf8Parser.TryParse(number, out double value, out int used) && used == number.Length && double.IsFinite(value)
            ? value
            : throw Invalid("is out of the range of a number");
    }

    /// <summary>A string, with one U+FFFD for every invalid byte and every lone surrogate.</summary>
    public string Text()
    {
        ReadOnlySpan<byte> body = StringBody(out bool escaped);
        return Utf8Text.Decode(escaped ? Unescape(body) : body);
    }

    /// <summary>The text between the quotes of a string, as written.</summary>
    public ReadOnlySpan<byte> StringBody(out bool escaped)
    {
        if (Peek() != '"')
        {
            throw Invalid("is not a string");
        }

        ReadOnlySpan<byte> body = ScanString(out escaped);
        _afterValue = true;
        return body;
    }

    /// <summary>A number as written.</summary>
    public ReadOnlySpan<byte> Number()
    {
        Peek();
        int start = _at;
        if (_json[_at] == '-')
        {
            _at++;
        }

        if (_at < _json.Length && _json[_at] == '0')
        {
            _at++;
        }
        else
        {
            Digits();
        }

        if (_at < _json.Length && _json[_at] == '.')
        {
            _at++;
            Digits();
        }

        if (_at < _json.Length && (_json[_at] | 0x20) == 'e')
        {
            _at++;
            if (_at < _json.Length && _json[_at] is (byte)'+' or (byte)'-')
            {
                _at++;
            }

            Digits();
        }

        _afterValue = true;
        return _json[start.._at];
    }

    public void BeginObject() => Open('{', "is not an object");

    public void BeginArray() => Open('[', "is not an array");

    /// <summary>Moves to the next member of the open object, or closes it.</summary>
    /// <param name="name">The unescaped name, valid until the next pull.</param>
    public bool NextMember(out ReadOnlySpan<byte> name)
    {
        if (!NextMember(out name, out bool escaped))
        {
            return false;
        }

        if (escaped)
        {
            name = Unescape(name);
        }

        return true;
    }

    /// <summary>As above; the name is left as written.</summary>
    public bool NextMember(out ReadOnlySpan<byte> name, out bool escaped)
    {
        name = default;
        escaped = false;
        if (Close('}'))
        {
            return false;
        }

        Comma();
        if (Peek() != '"')
        {
            throw Invalid("is not a member name");
        }

        name = ScanString(out escaped);
        if (Peek() != ':')
        {
            throw Invalid("is not a colon");
        }

        _at++;
        _afterValue = false;
        return true;
    }

    /// <summary>Moves to the next element of the open array, or closes it.</summary>
    public bool NextElement()
    {
        if (Close(']'))
        {
            return false;
        }

        Comma();
        _afterValue = false;
        return true;
    }

    /// <summary>Passes over one value of any shape.</summary>
    public void Skip()
    {
        var open = new BitStack();
        do
        {
            switch (Peek())
            {
                case (byte)'{':
                    BeginObject();
                    open.Push(true);
                    break;
                case (byte)'[':
                    BeginArray();
                    open.Push(false);
                    break;
                default:
                    Scalar();
                    break;
            }

            while (open.Count > 0 && !(open.Peek() ? NextMember(out _, out _) : NextElement()))
            {
                open.Pop();
            }
        }
        while (open.Count > 0);
    }

    /// <summary>Passes over one value and returns its text.</summary>
    public ReadOnlySpan<byte> Raw()
    {
        Peek();
        int start = _at;
        Skip();
        return _json[start.._at];
    }

    /// <summary>A literal, number or string.</summary>
    public void Scalar()
    {
        switch (Peek())
        {
            case (byte)'"':
                StringBody(out _);
                break;
            case (byte)'t':
            case (byte)'f':
                Flag();
                break;
            case (byte)'n':
                TryNull();
                break;
            default:
                Number();
                break;
        }
    }

    /// <summary>Only white space may follow.</summary>
    public void End()
    {
        SkipSpace();
        if (_at < _json.Length)
        {
            throw Invalid("follows the document");
        }
    }

    /// <summary>Undoes the escapes of a string or name. Valid until the next text is unescaped.</summary>
    public ReadOnlySpan<byte> Unescape(scoped ReadOnlySpan<byte> body)
    {
        if (_scratch is null || _scratch.Length < body.Length)
        {
            Dispose();
            _scratch = ArrayPool<byte>.Shared.Rent(body.Length);
        }

        return _scratch.AsSpan(0, Utf8Text.Unescape(body, _scratch));
    }

    public void Dispose()
    {
        if (_scratch is not null)
        {
            ArrayPool<byte>.Shared.Return(_scratch);
            _scratch = null;
        }
    }

    [DoesNotReturn]
    public readonly Exception Invalid(string what) =>
        throw new ArtifactSyncException(ErrorCode.DocumentInvalid, $"Invalid JSON: what is at byte {_at} {what}.");

    private void SkipSpace()
    {
        while (_at < _json.Length && _json[_at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            _at++;
            SawSpace = true;
        }
    }

    private void Open(char bracket, string fault)
    {
        if (Peek() != bracket)
        {
            throw Invalid(fault);
        }

        if (++_depth > Limits.JsonDepth)
        {
            throw Invalid("is nested too deeply");
        }

        _at++;
        _afterValue = false;
    }

    private bool Close(char bracket)
    {
        if (Peek() != bracket)
        {
            return false;
        }

        _at++;
        _depth--;
        _afterValue = true;
        return true;
    }

    private void Comma()
    {
        if (!_afterValue)
        {
            return;
        }

        if (Peek() != ',')
        {
            throw Invalid("is not a comma");
        }

        _at++;
    }

    private void Literal(ReadOnlySpan<byte> literal)
    {
        if (!_json[_at..].StartsWith(literal))
        {
            throw Invalid("is not a value of the expected type");
        }

        _at += literal.Length;
        _afterValue = true;
    }

    private void Digits()
    {
        int start = _at;
        while (_at < _json.Length && (uint)(_json[_at] - '0') <= 9)
        {
            _at++;
        }

        if (_at == start)
        {
            throw Invalid("is not a number");
        }
    }

    private ReadOnlySpan<byte> ScanString(out bool escaped)
    {
        escaped = false;
        int start = ++_at;
        while (true)
        {
            int stop = _json[_at..].IndexOfAny(StringEnd);
            _at = stop < 0 ? _json.Length : _at + stop;
            if (stop < 0 || _json[_at] is not ((byte)'"' or (byte)'\\'))
            {
                throw Invalid("breaks off a string");
            }

            if (_json[_at] == '"')
            {
                return _json[start.._at++];
            }

            escaped = true;
            _at += EscapeLength();
        }
    }

    private readonly int EscapeLength()
    {
        ReadOnlySpan<byte> rest = _json[(_at + 1)..];
        return rest.Length > 0 && "\"\\/bfnrt"u8.Contains(rest[0])
            ? 2
            : rest.Length >= 5 && rest[0] == 'u' && Utf8Text.TryHex(rest[1..5], out _)
                ? 6
                : throw Invalid("is not an escape");
    }
}
