//! Other resource servers, over plain collections.

use std::rc::Rc;

use super::tables::{Tables, page};
use super::{Isolate, Memory};
use crate::fluxer::resource::Resource;
use crate::snowflake::ResourceId;
use crate::store::{
    Ambient, FRESH_FOR, Fault, Known, Paging, ResourceTaken, Resources, WhichResource,
};

impl Resources for Memory {
    async fn resource(&self, which: WhichResource<'_>) -> Result<Known<Resource>, Fault> {
        if self.isolate.get() == Isolate::Warm {
            return Ok(Known::Current(
                self.state.borrow_mut().directory.resource(which),
            ));
        }
        match self.recall_resource(which) {
            Some(resource) => Ok(Known::Remembered(resource)),
            None => self.current_resource(which).await.map(Known::Current),
        }
    }

    async fn current_resource(
        &self,
        which: WhichResource<'_>,
    ) -> Result<Option<Rc<Resource>>, Fault> {
        let found = self.read(|tables| tables.resource(which))?;
        if self.isolate.get() == Isolate::Remembering {
            let mut remembered = self.remembered_resources.borrow_mut();
            remembered.retain(|_, (_, it)| !which.is(it));
            let read = found.iter().map(|it| (it.id, (self.now(), Rc::clone(it))));
            remembered.extend(read);
        }
        Ok(found)
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

impl Memory {
    fn recall_resource(&self, which: WhichResource<'_>) -> Option<Rc<Resource>> {
        let remembered = self.remembered_resources.borrow();
        let is_fresh = |it: &&(_, Rc<Resource>)| self.now().since(it.0) < FRESH_FOR;
        let mut fresh = remembered.values().filter(is_fresh);
        let found = fresh.find(|(_, resource)| which.is(resource));
        found
            .filter(|_| self.isolate.get() == Isolate::Remembering)
            .map(|(_, resource)| Rc::clone(resource))
    }
}

impl Tables {
    fn resource(&self, which: WhichResource<'_>) -> Option<Rc<Resource>> {
        let mut all = self.resources.values();
        all.find(|it| which.is(it)).cloned().map(Rc::new)
    }

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
