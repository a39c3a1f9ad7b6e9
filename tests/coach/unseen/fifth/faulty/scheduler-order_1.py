import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import CosineAnnealingLR
from gradbook.utils.data import DataLoader, TensorDataset


class Callback:
    def on_batch_begin(self, trainer): ...
    def on_batch_end(self, trainer): ...
    def on_epoch_end(self, trainer): ...


class LRSchedule(Callback):
    def __init__(self, scheduler):
        self.scheduler = scheduler

    def on_batch_begin(self, trainer):  # coach-line: scheduler-order
        self.scheduler.step()  # coach: scheduler-order


class Printer(Callback):
    def on_epoch_end(self, trainer):
        lr = trainer.optimizer.param_groups[0]["lr"]
        print(f"epoch={trainer.epoch} loss={trainer.mean_loss:.4f} lr={lr:.5f}")


class Trainer:
    def __init__(self, model, optimizer, loss_fn, callbacks):
        self.model, self.optimizer, self.loss_fn, self.callbacks = model, optimizer, loss_fn, callbacks

    def emit(self, event):
        for cb in self.callbacks:
            getattr(cb, event)(self)

    def fit(self, loader, epochs):
        for self.epoch in range(epochs):
            acc = []
            for x, y in loader:
                self.emit("on_batch_begin")
                self.optimizer.zero_grad()
                loss = self.loss_fn(self.model(x), y)
                loss.backward()
                self.optimizer.step()
                acc.append(loss.item())
                self.emit("on_batch_end")
            self.mean_loss = sum(acc) / len(acc)
            self.emit("on_epoch_end")


torch.manual_seed(42)
x = torch.randn(640, 12)
y = (x[:, :3].sum(1) > 0).long() + (x[:, 3] > 0).long()
loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 3))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
sched = CosineAnnealingLR(optimizer, T_max=10 * len(loader))
Trainer(model, optimizer, nn.CrossEntropyLoss(), [LRSchedule(sched), Printer()]).fit(loader, 10)
