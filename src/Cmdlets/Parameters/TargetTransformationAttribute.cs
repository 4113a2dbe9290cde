using System.Collections;
using System.Management.Automation;

namespace ArtifactSync.Cmdlets.Parameters;

/// <summary>Accepts text, Uri and FileSystemInfo, and nothing else: a run object must not become a folder named after it.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class TargetTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = Unwrap(inputData);
        if (IsItem(inputData))
            return new Item(value);
        return value is IEnumerable items and not string ? items.Cast<object?>().Select(Text).ToArray() : new[] { Text(value) };
    }

    private static string Text(object? item) => Unwrap(item) switch
    {
        string text => text,
        Uri uri => uri.OriginalString,
        FileSystemInfo entry => entry.FullName,
        var other => throw Refusal(other),
    };

    private static ArgumentTransformationMetadataException Refusal(object? value) => new(
        $"A target is a folder or an address, not an object of type {value?.GetType().Name ?? "null"}. To repeat runs that failed, add -RetryFailed.");

    /// <summary>An issue or merge request: PowerShell looks at its properties next, if this does not fail at once.</summary>
    private static bool IsItem(object inputData) =>
        inputData is PSObject wrapped && wrapped.BaseObject is not string
        && wrapped.Properties["EntityType"] is not null && wrapped.Properties["Iid"] is not null;

    /// <summary>Stands for what can't become text: a target that is given as an argument fails with the reason.</summary>
    private sealed class Item(object? value)
    {
        public override string ToString() => throw Refusal(value);
    }

    private static object? Unwrap(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
