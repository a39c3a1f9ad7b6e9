import copy
import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import ReduceLROnPlateau
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(103)


class EarlyStoppingTrainer:
    def __init__(self, model, train_loader, val_loader, lr=3e-3, patience=4):
        self.model, self.train_loader, self.val_loader = model, train_loader, val_loader
        self.criterion = nn.HuberLoss()
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-4)
        self.scheduler = ReduceLROnPlateau(self.optimizer, factor=0.5, patience=2)
        self.patience = patience
        self.best_loss, self.best_state = float("inf"), None

    def _run(self, loader, training):
        self.model.train(training)
        total = 0.0
        with torch.set_grad_enabled(training):
            for x, y in loader:
                loss = self.criterion(self.model(x), y)
                if training:
                    self.optimizer.zero_grad()
                    loss.backward()
                    nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
                    self.optimizer.step()
                total += loss.item() * len(x)
        return total / len(loader.dataset)

    def fit(self, max_epochs):
        waited = 0
        for epoch in range(max_epochs):
            train_loss = self._run(self.train_loader, training=True)
            val_loss = self._run(self.val_loader, training=False)
            self.scheduler.step(val_loss)
            print(f"{epoch:2d} train {train_loss:.4f} val {val_loss:.4f}")
            if val_loss < self.best_loss:
                self.best_loss, waited = val_loss, 0
                self.best_state = copy.deepcopy(self.model.state_dict())
            else:
                waited += 1
                if waited == self.patience:
                    break
        self.model.load_state_dict(self.best_state)


X = torch.randn(640, 5)
y = torch.sin(X[:, 0]) + 0.5 * X[:, 1] * X[:, 2] + 0.2 * torch.randn(640)
y = ((y - y.mean()) / y.std()).unsqueeze(1)
train_set, val_set = random_split(TensorDataset(X, y), [480, 160])
net = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
trainer = EarlyStoppingTrainer(net, DataLoader(train_set, batch_size=32, shuffle=True), DataLoader(val_set, batch_size=80))
trainer.fit(max_epochs=15)
print(f"best validation loss {trainer.best_loss:.4f}")
