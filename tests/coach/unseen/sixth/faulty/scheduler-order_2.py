# transfer-learning-tutorial style loop from an old gist
import copy
import gradbook as torch
from gradbook import nn
from gradbook.optim import lr_scheduler
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(29)


def ants_and_bees(n):
    y = torch.arange(n) % 2
    x = torch.randn(n, 3, 8, 8)
    x[:, 0] += 0.3 * (2 * y.float() - 1).view(n, 1, 1)
    return TensorDataset(x / x.std(), y)


loaders = {"train": DataLoader(ants_and_bees(240), batch_size=24, shuffle=True),
           "val": DataLoader(ants_and_bees(80), batch_size=40)}


def train_model(model, criterion, optimizer, scheduler, num_epochs=8):
    best, best_wts = 0.0, copy.deepcopy(model.state_dict())
    for epoch in range(num_epochs):
        scheduler.step()  # coach: scheduler-order; fix: scheduler.step()
        model.train()
        for inputs, labels in loaders["train"]:
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
        model.eval()
        corrects = 0
        with torch.no_grad():
            for inputs, labels in loaders["val"]:
                corrects += (model(inputs).argmax(1) == labels).sum().item()
        acc = corrects / 80
        if acc > best:
            best, best_wts = acc, copy.deepcopy(model.state_dict())
        print("Epoch {}/{} loss {:.3f} val acc {:.3f}".format(epoch, num_epochs - 1, loss.item(), acc))
    model.load_state_dict(best_wts)
    return model


net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 2))
optimizer_ft = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
exp_lr_scheduler = lr_scheduler.StepLR(optimizer_ft, step_size=3, gamma=0.5)
net = train_model(net, nn.CrossEntropyLoss(), optimizer_ft, exp_lr_scheduler)
