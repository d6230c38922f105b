// Command podschema prints the fields of core/v1 Pod, as its Go types say them, for the validator of pod specs.
//
//	cd tools/podschema && go run . > ../../orchestrator/services/stacks/podspec/schema.json
//
// The API's OpenAPI document is not enough: it does not say which optional fields are pointers, whose explicit zero
// stays, and which structs are written even when they are empty.
//
// One line is one type. A field is its type, after "*" for a pointer, "[]" for a list, "{}" for a map, and before
// "?" when its zero is left out.
package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// What has a JSON form of its own.
var special = map[reflect.Type]string{
	reflect.TypeOf(resource.Quantity{}):  "quantity",
	reflect.TypeOf(intstr.IntOrString{}): "intOrString",
	reflect.TypeOf(metav1.Time{}):        "time",
	reflect.TypeOf(metav1.FieldsV1{}):    "any",
}

var types = map[string]map[string]string{}

func nameOf(t reflect.Type) string {
	if name, found := special[t]; found {
		return name
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + nameOf(t.Elem())
	case reflect.Slice:
		return "[]" + nameOf(t.Elem())
	case reflect.Map:
		return "{}" + nameOf(t.Elem())
	case reflect.Struct:
		if _, found := types[t.Name()]; !found {
			types[t.Name()] = map[string]string{}
			add(t, types[t.Name()])
		}
		return t.Name()
	case reflect.String, reflect.Bool, reflect.Int32, reflect.Int64:
		return t.Kind().String()
	}
	panic("no JSON form is known for " + t.String())
}

func add(t reflect.Type, fields map[string]string) {
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			add(field.Type, fields)
			continue
		}
		text := nameOf(field.Type)
		structs := field.Type.Kind() == reflect.Struct
		if strings.Contains(options, "omitzero") || strings.Contains(options, "omitempty") && !structs {
			text += "?"
		}
		fields[name] = text
	}
}

func main() {
	nameOf(reflect.TypeOf(corev1.Pod{}))
	var names, lines []string
	for name := range types {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fields, err := json.Marshal(types[name])
		if err != nil {
			panic(err)
		}
		lines = append(lines, fmt.Sprintf("  %q: %s", name, fields))
	}
	fmt.Printf("{\n%s\n}\n", strings.Join(lines, ",\n"))
}
