using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace ArtifactSync.Cmdlets.Parameters;

/// <summary>
/// Ids are text. A whole object from the pipeline is asked for its id, because PowerShell would otherwise turn the object
/// into text before it looks at the properties.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class IdTransformationAttribute(params string[] properties) : ArgumentTransformationAttribute
{
    /// <summary>The properties that can hold the id, the preferred one first.</summary>
    public IReadOnlyList<string> Properties { get; } = properties;

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        inputData is PSObject { BaseObject: IEnumerable and not string } or IEnumerable and not string
            ? ((IEnumerable)(inputData is PSObject wrapped ? wrapped.BaseObject : inputData)).Cast<object>().Select(Text).ToArray()
            : new[] { Text(inputData) };

    private string Text(object? item)
    {
        var value = item is PSObject wrapped ? wrapped.BaseObject : item;
        if (value is string text)
            return text;
        if (DurationText.IsNumber(value))
            return Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        foreach (var name in Properties)
            if (PSObject.AsPSObject(item ?? "").Properties[name]?.Value is { } id)
                return id.ToString() ?? "";
        throw new ArgumentTransformationMetadataException(
            $"An id is text or a number, or an object with the property {string.Join(" or ", Properties)}.");
    }
}
