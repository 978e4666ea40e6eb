// Vault as it is built for the other tests, with the database engine and PostgreSQL besides: all plugins together would take a cold machine a quarter of an hour.
package main

import (
	"os"
	"reflect"
	"unsafe"

	"github.com/hashicorp/vault/builtin/logical/database"
	"github.com/hashicorp/vault/command"
	"github.com/hashicorp/vault/helper/builtinplugins"
	"github.com/hashicorp/vault/plugins/database/postgresql"
	"github.com/hashicorp/vault/sdk/logical"
)

// The maps of the registry are private: there is no other way in.
func add(field, name string, factory any) {
	private := reflect.ValueOf(builtinplugins.Registry).Elem().FieldByName(field)
	plugins := reflect.NewAt(private.Type(), unsafe.Pointer(private.UnsafeAddr())).Elem()
	plugin := reflect.New(plugins.Type().Elem()).Elem()
	plugin.FieldByName("Factory").Set(reflect.ValueOf(factory))
	plugins.SetMapIndex(reflect.ValueOf(name), plugin)
}

func main() {
	add("logicalBackends", "database", logical.Factory(database.Factory))
	add("databasePlugins", "postgresql-database-plugin", builtinplugins.BuiltinFactory(postgresql.New))
	os.Exit(command.Run(os.Args[1:]))
}
