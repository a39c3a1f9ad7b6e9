# Sea temperature curve, fit with a small net. Train loop from an (old) tutorial
import gradbook as torch
from gradbook import nn, optim
from gradbook.optim import lr_scheduler
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)

day = torch.rand(365, 1) * 2 - 1
sea = torch.sin(3.14 * day) + 0.3 * torch.cos(6.28 * day) + 0.05 * torch.randn(365, 1)
dataloaders = {
    "train": DataLoader(TensorDataset(day[:300], sea[:300]), batch_size=30, shuffle=True),
    "val": DataLoader(TensorDataset(day[300:], sea[300:]), batch_size=65),
}

model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
criterion = nn.MSELoss()
optimizer_ft = optim.Adam(model.parameters(), lr=0.02)
exp_lr_scheduler = lr_scheduler.StepLR(optimizer_ft, step_size=7, gamma=0.5)


def train_model(model, criterion, optimizer, scheduler, num_epochs=20):
    for epoch in range(num_epochs):
        for phase in ["train", "val"]:
            if phase == "train":
                scheduler.step()  # coach: scheduler-order; fix: scheduler.step()
                model.train()
            else:
                model.eval()
            running_loss = 0.0
            for inputs, target in dataloaders[phase]:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    loss = criterion(model(inputs), target)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
                running_loss += loss.item() * inputs.size(0)
            if epoch % 5 == 4:
                print(epoch + 1, phase, round(running_loss / len(dataloaders[phase].dataset), 4))
    return model


model = train_model(model, criterion, optimizer_ft, exp_lr_scheduler)
