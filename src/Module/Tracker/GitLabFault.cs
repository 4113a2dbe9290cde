using System.Text;
using System.Text.Json;
using ArtifactSync.Errors;

namespace ArtifactSync.Tracker;

/// <summary>Why a request (with its retries) failed.</summary>
internal sealed class GitLabFault(ErrorCode code, string message, int? httpStatus = null, Exception? inner = null) : Exception(message, inner)
{
    public ErrorCode Code { get; } = code;

    public int? HttpStatus { get; } = httpStatus;

    /// <summary>Seconds that the server asked to wait, where it did.</summary>
    public long? RetryAfter { get; init; }

    public int Attempts { get; set; } = 1;

    /// <summary>The same for every item: the token or the project is at fault, no other item need be tried.</summary>
    public bool IsRunLevel => Code is ErrorCode.AuthInvalid or ErrorCode.AuthExpired or ErrorCode.AuthRevoked or ErrorCode.InsufficientScope
        or ErrorCode.ProjectNotFound or ErrorCode.ProjectMoved or ErrorCode.TlsError;

    public GitLabFault As(ErrorCode code, string message) =>
        new(code, message, HttpStatus, InnerException) { RetryAfter = RetryAfter, Attempts = Attempts };

    public ArtifactSyncException ToException(object? target) => new(Code, Message, target, this);
}

/// <summary>What the server said, for people: <c>message</c> or <c>error</c> as text, list or object (gitlab-api 6), at most 500 characters.</summary>
internal sealed record ServerWords(string? Error, string Text)
{
    private const int MaxLength = 500;

    /// <param name="body">What came.</param>
    /// <param name="mediaType">As what it came.</param>
    /// <param name="redact">Takes secrets out, before anything is cut: half a token is no token to look for.</param>
    public static ServerWords Read(ReadOnlySpan<byte> body, string? mediaType, Func<string, string> redact) => mediaType switch
    {
        not null when IsJson(mediaType) => FromJson(body, redact),
        "text/plain" => new(null, Cap(redact(Encoding.UTF8.GetString(body)))),
        _ => new(null, ""), // pages of proxies are no words for a message
    };

    public static bool IsJson(string mediaType) =>
        mediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || mediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase);

    private static ServerWords FromJson(ReadOnlySpan<byte> body, Func<string, string> redact)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return new(null, "");
            }
            string? Member(string name) => root.TryGetProperty(name, out var value) ? Flat(value) : null;
            var error = Member("error");
            return new(error, Cap(redact(string.Join(": ", new[] { Member("message"), error, Member("error_description") }.Where(t => t is not null)))));
        }
        catch (JsonException)
        {
            return new(null, "");
        }
    }

    private static string? Flat(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Null => null,
        _ => value.GetRawText(),
    };

    private static string Cap(string text)
    {
        var clean = new StringBuilder(Math.Min(text.Length, MaxLength));
        foreach (var c in text.AsSpan().Trim())
        {
            if (clean.Length == MaxLength)
            {
                break;
            }
            clean.Append(char.IsControl(c) ? ' ' : c);
        }
        return clean.ToString();
    }
}
