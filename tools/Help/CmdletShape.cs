using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Reflection;

namespace ArtifactSync.Help;

/// <summary>What the attributes of a cmdlet class say, read without running them: outside pwsh they are stubs.</summary>
internal sealed record CmdletShape(
    Type Type, string Verb, string Noun, string? DefaultSet, bool ShouldProcess,
    IReadOnlyList<string> OutputTypes, IReadOnlyList<ParameterShape> Parameters)
{
    private const string AllSets = "__AllParameterSets";

    public string Name => $"{Verb}-{Noun}";

    /// <summary>Sets in order of appearance; a cmdlet without sets has one.</summary>
    public IReadOnlyList<string> Sets
    {
        get
        {
            var named = Parameters.SelectMany(p => p.Uses.Keys).Where(s => s != AllSets).Distinct(StringComparer.Ordinal).ToArray();
            return named.Length > 0 ? named : [AllSets];
        }
    }

    public IEnumerable<(ParameterShape Parameter, ParameterUse Use)> In(string set)
    {
        foreach (var parameter in Parameters)
            if (parameter.Uses.TryGetValue(set, out var use) || parameter.Uses.TryGetValue(AllSets, out use))
                yield return (parameter, use);
    }

    public static IReadOnlyList<CmdletShape> ReadAll(Assembly assembly) =>
        [.. assembly.GetExportedTypes().Select(Read).OfType<CmdletShape>().OrderBy(c => c.Name, StringComparer.Ordinal)];

    private static CmdletShape? Read(Type type)
    {
        var attribute = type.GetCustomAttributesData().FirstOrDefault(a => a.AttributeType == typeof(CmdletAttribute));
        if (attribute is null || type.IsAbstract)
            return null;
        var supports = attribute.Named<bool>("SupportsShouldProcess");
        var parameters = type.GetProperties().Select(ParameterShape.Read).OfType<ParameterShape>();
        return new CmdletShape(
            type, attribute.Argument<string>(0), attribute.Argument<string>(1),
            attribute.Named<string>("DefaultParameterSetName"), supports,
            [.. OutputsOf(type)],
            [.. parameters, .. supports ? ParameterShape.ShouldProcess(AllSets) : []]);
    }

    private static IEnumerable<string> OutputsOf(Type type) =>
        from attribute in type.GetCustomAttributesData()
        where attribute.AttributeType == typeof(OutputTypeAttribute)
        from item in (ReadOnlyCollection<CustomAttributeTypedArgument>)attribute.ConstructorArguments[0].Value!
        select ((Type)item.Value!).FullName;
}

/// <summary>One parameter, and how each set uses it.</summary>
internal sealed record ParameterShape(
    string Name, Type Type, IReadOnlyList<string> Aliases, bool Wildcards, IReadOnlyDictionary<string, ParameterUse> Uses)
{
    public bool IsSwitch => Type == typeof(SwitchParameter);

    public string TypeName => (Nullable.GetUnderlyingType(Type) ?? Type) is { IsArray: true } array
        ? array.GetElementType()!.Name + "[]"
        : (Nullable.GetUnderlyingType(Type) ?? Type).Name;

    public static ParameterShape? Read(PropertyInfo property)
    {
        var data = property.GetCustomAttributesData();
        var uses = data.Where(a => a.AttributeType == typeof(ParameterAttribute))
            .ToDictionary(a => a.Named<string>("ParameterSetName") ?? "__AllParameterSets", ParameterUse.Read, StringComparer.Ordinal);
        var aliases = data.Where(a => a.AttributeType == typeof(AliasAttribute))
            .SelectMany(a => (ReadOnlyCollection<CustomAttributeTypedArgument>)a.ConstructorArguments[0].Value!)
            .Select(a => (string)a.Value!);
        return uses.Count == 0 ? null : new ParameterShape(
            property.Name, property.PropertyType, [.. aliases], data.Any(a => a.AttributeType == typeof(SupportsWildcardsAttribute)), uses);
    }

    public static IEnumerable<ParameterShape> ShouldProcess(string set)
    {
        var uses = new Dictionary<string, ParameterUse>(StringComparer.Ordinal) { [set] = new(false, null, false, false) };
        yield return new ParameterShape("Confirm", typeof(SwitchParameter), ["cf"], false, uses);
        yield return new ParameterShape("WhatIf", typeof(SwitchParameter), ["wi"], false, uses);
    }
}

/// <summary>How one set uses a parameter.</summary>
internal sealed record ParameterUse(bool Mandatory, int? Position, bool ByValue, bool ByName)
{
    public static ParameterUse Read(CustomAttributeData attribute) => new(
        attribute.Named<bool>("Mandatory"),
        attribute.NamedArguments.Any(a => a.MemberName == "Position") ? attribute.Named<int>("Position") : null,
        attribute.Named<bool>("ValueFromPipeline"),
        attribute.Named<bool>("ValueFromPipelineByPropertyName"));

    public string PipelineInput => (ByValue, ByName) switch
    {
        (true, true) => "True (ByValue, ByPropertyName)",
        (true, false) => "True (ByValue)",
        (false, true) => "True (ByPropertyName)",
        _ => "False",
    };
}

internal static class AttributeData
{
    public static T Argument<T>(this CustomAttributeData attribute, int index) => (T)attribute.ConstructorArguments[index].Value!;

    public static T? Named<T>(this CustomAttributeData attribute, string name) =>
        attribute.NamedArguments.FirstOrDefault(a => a.MemberName == name).TypedValue.Value is T value ? value : default;
}
