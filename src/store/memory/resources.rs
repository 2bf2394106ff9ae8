//! Other resource servers, over plain collections.

use std::rc::Rc;

use super::tables::{Tables, page};
use super::{Isolate, Memory};
use crate::fluxer::resource::Resource;
use crate::oauth::resource::ResourceKey;
use crate::snowflake::ResourceId;
use crate::store::{Fault, Paging, ResourceTaken, Resources};

impl Resources for Memory {
    async fn resource(&self, key: &ResourceKey) -> Result<Option<Rc<Resource>>, Fault> {
        let find = |tables: &mut Tables| {
            let mut all = tables.resources.values();
            all.find(|it| it.identifier.key() == *key)
                .cloned()
                .map(Rc::new)
        };
        match self.isolate.get() {
            Isolate::Warm => Ok(find(&mut self.state.borrow_mut().directory)),
            Isolate::Cold | Isolate::Remembering => self.read(find),
        }
    }

    async fn resource_by_id(&self, id: ResourceId) -> Result<Option<Rc<Resource>>, Fault> {
        let find = |tables: &mut Tables| tables.resources.get(&id).cloned().map(Rc::new);
        match self.isolate.get() {
            Isolate::Warm => Ok(find(&mut self.state.borrow_mut().directory)),
            Isolate::Cold => self.read(find),
            Isolate::Remembering => {
                let remembered = self.remembered_resources.borrow().get(&id).cloned();
                if remembered.is_some() {
                    return Ok(remembered);
                }
                let found = self.read(find)?;
                let remember = found.iter().map(|it| (id, Rc::clone(it)));
                self.remembered_resources.borrow_mut().extend(remember);
                Ok(found)
            }
        }
    }

    async fn current_resource(&self, id: ResourceId) -> Result<Option<Resource>, Fault> {
        self.read(|tables| tables.resources.get(&id).cloned())
    }

    async fn resources(&self, paging: Paging) -> Result<Vec<Resource>, Fault> {
        self.read(|tables| {
            let all = tables.resources.iter().map(|(id, it)| (*id, it.clone()));
            page(all, |id| id.0, paging)
        })
    }

    async fn add_resource(&self, resource: &Resource) -> Result<Result<(), ResourceTaken>, Fault> {
        self.write(|tables| {
            if tables.resources.contains_key(&resource.id) {
                return Err(ResourceTaken::Id);
            }
            tables.put_resource(resource)
        })
    }

    async fn change_resource(
        &self,
        resource: &Resource,
    ) -> Result<Result<bool, ResourceTaken>, Fault> {
        self.write(|tables| {
            if !tables.resources.contains_key(&resource.id) {
                return Ok(false);
            }
            tables.put_resource(resource).map(|()| true)
        })
    }

    async fn delete_resource(&self, id: ResourceId) -> Result<bool, Fault> {
        self.write(|tables| tables.resources.remove(&id).is_some())
    }
}

impl Tables {
    fn put_resource(&mut self, resource: &Resource) -> Result<(), ResourceTaken> {
        let key = resource.identifier.key();
        let mut others = self.resources.values().filter(|it| it.id != resource.id);
        if others.any(|it| it.identifier.key() == key) {
            return Err(ResourceTaken::Identifier);
        }
        self.resources.insert(resource.id, resource.clone());
        Ok(())
    }
}
