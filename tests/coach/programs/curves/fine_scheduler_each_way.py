import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, OneCycleLR, ReduceLROnPlateau, SequentialLR
from gradbook.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.randn(40, 3), torch.randn(40, 1)), batch_size=10, shuffle=True)


def run(make, per_batch=False, metric=False):
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    scheduler = make(optimizer)
    for epoch in range(4):
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            if per_batch:
                scheduler.step()
        if metric:
            scheduler.step(loss.item())
        elif not per_batch:
            scheduler.step()


run(lambda o: CosineAnnealingLR(o, 4))
run(lambda o: CosineAnnealingLR(o, 16), per_batch=True)
run(lambda o: OneCycleLR(o, 0.1, total_steps=16), per_batch=True)
run(lambda o: LambdaLR(o, lambda step: min(1.0, (step + 1) / 8)), per_batch=True)
run(lambda o: ReduceLROnPlateau(o, patience=1), metric=True)
run(lambda o: SequentialLR(o, [LinearLR(o, 0.1, total_iters=2), CosineAnnealingLR(o, 2)], milestones=[2]))
