import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.optim.lr_scheduler import CosineAnnealingLR
from gradbook.utils.data import DataLoader, TensorDataset


class Callback:
    def on_step_begin(self, trainer): ...
    def on_backward_end(self, trainer): ...
    def on_epoch_end(self, trainer): ...


class ClipGrad(Callback):
    def __init__(self, max_norm):
        self.max_norm = max_norm

    def on_backward_end(self, trainer):
        nn.utils.clip_grad_norm_(trainer.model.parameters(), self.max_norm)


class WarmCosine(Callback):
    def __init__(self, optimizer, steps):
        self.sched = CosineAnnealingLR(optimizer, T_max=steps)

    def on_step_begin(self, trainer):
        self.sched.step()  # coach: scheduler-order


class LogLoss(Callback):
    def on_epoch_end(self, trainer):
        print("epoch loss", round(trainer.mean_loss, 4), "lr", round(trainer.opt.param_groups[0]["lr"], 5))


class Runner:
    def __init__(self, model, opt, callbacks):
        self.model, self.opt, self.callbacks = model, opt, callbacks

    def emit(self, event):
        for cb in self.callbacks:
            getattr(cb, event)(self)

    def fit(self, loader, epochs):
        for _ in range(epochs):
            self.model.train()
            losses = []
            for xb, yb in loader:
                self.emit("on_step_begin")
                self.opt.zero_grad()
                loss = F.cross_entropy(self.model(xb), yb)
                loss.backward()
                self.emit("on_backward_end")
                self.opt.step()  # coach-line: scheduler-order
                losses.append(loss.item())
            self.mean_loss = sum(losses) / len(losses)
            self.emit("on_epoch_end")


torch.manual_seed(21)
centers = torch.randn(5, 10) * 1.5
y = torch.randint(0, 5, (300,))
x = centers[y] + torch.randn(300, 10)
x = (x - x.mean(0)) / x.std(0)
loader = DataLoader(TensorDataset(x, y), batch_size=30, shuffle=True)
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 5))
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
Runner(model, opt, [ClipGrad(1.0), WarmCosine(opt, 60), LogLoss()]).fit(loader, 6)
